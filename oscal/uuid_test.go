package oscal

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestUUIDs pins the UUIDs of what packages refer to. A value that changes here
// breaks the identity of every object in packages written before.
func TestUUIDs(t *testing.T) {
	b := &bundle{system: "s-1"}
	got := map[string]string{
		"namespace":            uuids.String(),
		"plan":                 newUUID("assessment-plan", "s-1"),
		"poam":                 newUUID("poam", "s-1"),
		"results":              newUUID("assessment-results", "s-1", "run"),
		"activity":             activityUUID("S3.8"),
		"step":                 newUUID("step", "S3.8"),
		"task":                 b.taskUUID(),
		"observation, check":   newUUID("observation", "s-1", "S3.8"),
		"observation, account": newUUID("observation", "s-1", "S3.8", "111122223333"),
		"finding":              newUUID("finding", "s-1", "nist-800-53-r5", "ac-3_smt"),
		"risk":                 riskUUID(b, "S3.8"),
		"response":             newUUID("response", riskUUID(b, "S3.8"), "recommendation"),
		"item":                 newUUID("poam-item", "s-1", "S3.8"),
		"account":              account{partition: "aws-us-gov", id: "111122223333"}.uuid(),
		"service":              serviceUUID("s3"),
		"product":              productUUID("AWS Security Hub"),
		"tool":                 newUUID("component", "tool", managedBy),
		"resource":             newUUID("resource", "aws", "111122223333", "arn:aws:s3:::example"),
		"artifact":             b.artifactUUID("findings.csv"),
		"party":                b.partyUUID("isso"),
	}
	want := map[string]string{
		"account":              "22a21b60-526d-57f3-991a-e8ea29fa206f",
		"activity":             "70e592e3-385d-5997-8a63-0bf9134168ed",
		"artifact":             "4f9505b5-4cd3-5b91-a401-fb7b2a14b34f",
		"finding":              "65ba6740-9749-55e1-8da7-27626d723753",
		"item":                 "f951b609-57c1-553a-80a9-2d14b2653469",
		"namespace":            "14071e07-b232-5b66-924f-9b49e56cccc1",
		"observation, account": "0a659755-1f38-510b-add1-50ec7d0969f8",
		"observation, check":   "13f559af-0670-524c-af45-cd0cd84038e2",
		"party":                "eee8638e-eb04-56af-a8e3-a493245b9045",
		"plan":                 "cc3e29ae-0aa7-5020-96a3-28c0de91ce35",
		"poam":                 "98cbe8ea-5ef1-569e-ab23-1f9c787f75f3",
		"product":              "ae4cf9c5-f63c-544d-9a02-bb289da03250",
		"resource":             "5c0f7082-5b2a-5713-8229-789d99a33ef9",
		"response":             "ff32e363-ff8b-51cd-aaa4-3332fdaca92c",
		"results":              "eccb5f9b-27db-5285-aed3-f90461343275",
		"risk":                 "c444d7ba-883a-536a-821a-a627440e9238",
		"service":              "2a860413-548b-52c8-9c8b-fe6f23cab1e1",
		"step":                 "1538506e-b532-5d14-8d82-2a6d2f49c5f5",
		"task":                 "2f241003-c86a-5c2c-b88d-05a5d5143b4c",
		"tool":                 "4095ea27-26a7-5be8-8c73-96c0e0f028e4",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("UUIDs changed (-want +got):\n%s", diff)
	}
}

func TestUUIDsIn(t *testing.T) {
	const one, two = "6d859325-cd6b-54fc-85ac-7700a9c218ef", "b0c88b43-a629-5155-a71b-864c4eb2fa5e"
	for _, test := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"a-b-c", nil},
		{one, []string{one}},
		{strings.ToUpper(one), []string{one}},
		{`{"a-b":"#` + one + `","--":["` + two + `"]}`, []string{one, two}},
		{one + two, []string{one, two}},
		{"-" + one + "-" + two + "-", []string{one, two}},
		{one[:35], nil},
		{one[:35] + "g" + two, []string{two}},
	} {
		if diff := cmp.Diff(test.want, slices.Collect(uuidsIn([]byte(test.text)))); diff != "" {
			t.Errorf("uuidsIn(%q) (-want +got):\n%s", test.text, diff)
		}
	}
}
