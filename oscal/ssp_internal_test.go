package oscal

import (
	"strings"
	"testing"
)

func TestSSPSystemOfFile(t *testing.T) {
	const plan = `{"system-security-plan": {"metadata": {"oscal-version": "1.1.3"}, "system-characteristics": IN}}`
	for _, c := range []struct{ in, want, err string }{
		{`{"system-ids": [{"id": "SYS-1"}, {"id": "SYS-2"}], "system-name": "S"}`, "SYS-1", ""},
		{`{"system-ids": []}`, "", "ssp.json: /system-security-plan/system-characteristics/system-ids: there is no id of the system"},
		{`{}`, "", "ssp.json: /system-security-plan/system-characteristics/system-ids: there is no id of the system"},
		{`{"system-ids": [{"id": 1}]}`, "", "there is no id of the system"},
		{`{"system-ids": 1}`, "", "/system-ids: is not an array"},
		{`1`, "", `ssp.json: /system-security-plan/system-characteristics: "1" is not a JSON object`},
	} {
		got, name, err := sspSystem(TempFile(t, "ssp.json", strings.Replace(plan, "IN", c.in, 1)))
		if (name == "S") != (c.want != "") {
			t.Errorf("%s: the name is %q", c.in, name)
		}
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %q, %v; want %q, %s", c.in, got, err, c.want, c.err)
		}
	}
}

func TestParagraphs(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		"a\nb\n":                  "a b",
		"a\nb\n\nc\n":             "a b\n\nc",
		"a:\n- b\n  c\n- d\n\ne*": "a:\n\n- b c\n- d\n\ne\\*",
	} {
		if got := paragraphs(in); got != want {
			t.Errorf("paragraphs(%q) = %q, want %q", in, got, want)
		}
	}
}
