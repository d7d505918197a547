package awsfake

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	auditmanagertypes "github.com/aws/aws-sdk-go-v2/service/auditmanager/types"
	configtypes "github.com/aws/aws-sdk-go-v2/service/configservice/types"
	organizationstypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/google/go-cmp/cmp"
)

// TestPython asks with AWS's SDK for Python, which reads answers with other code
// and from other models than that for Go.
func TestPython(t *testing.T) {
	if err := exec.Command("python3", "-c", "import boto3").Run(); err != nil {
		t.Skip("python3 with boto3 is not there")
	}
	s := newEverything(t)
	s.PageSize = 40
	here := s.At(admin, home)
	s.Buckets["b"].Objects = nil
	here.HubV2 = nil
	here.Config.Rules = []configtypes.ConfigRule{{ConfigRuleName: aws.String("r")}}
	here.AuditManager.Assessments = []Assessment{{Assessment: auditmanagertypes.Assessment{Metadata: &auditmanagertypes.AssessmentMetadata{Name: aws.String("a")}}}}
	s.Accounts[admin].Organization = &organizationstypes.Organization{Id: aws.String("o-1")}
	s.Update(func() {}) // what was written is there for the server, which another process calls
	command := exec.Command("python3", "testdata/pull.py", s.URL, home)
	command.Env = append(os.Environ(), s.Environ(admin, home)...)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var findings []any
	for i := range 250 {
		if i%10 != 9 {
			findings = append(findings, fmt.Sprint("f", i))
		}
	}
	want := map[string]any{
		"account": admin, "regions": []any{home}, "organization": "o-1", "findings": findings,
		"rules": []any{"r"}, "assessments": []any{"a"}, "v2": "off",
		"objects": map[string]any{"a/ü b": "hello", "big": "part"},
	}
	var got map[string]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := s.Buckets["b"].Objects["a/ü b"].Header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"); got != "key-1" {
		t.Errorf("key %q", got)
	}
}
