package command

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/go-shca/shca/internal/awsfake"
)

const account = "111122223333"

// region fills a Region with so many findings of a check.
func region(server *awsfake.Server, account, region string, findings int) {
	server.At(account, region).Hub = &awsfake.Hub{Findings: awsfake.Findings{Count: findings, At: func(i int) []byte {
		return fmt.Appendf(nil, `{"SchemaVersion":"2018-10-08","Id":"arn:aws:securityhub:%[1]s:%[2]s:security-control/S3.8/finding/%[3]d","ProductArn":"arn:aws:securityhub:%[1]s::product/aws/securityhub","ProductName":"Security Hub","GeneratorId":"security-control/S3.8","AwsAccountId":"%[2]s","Region":"%[1]s","Types":["Software and Configuration Checks"],"CreatedAt":"2026-06-01T00:00:00.000Z","UpdatedAt":"2026-06-30T00:00:00.000Z","Severity":{"Label":"HIGH"},"Title":"Buckets block public access","Description":"%[5]s","Resources":[{"Type":"AwsS3Bucket","Id":"arn:aws:s3:::bucket-%[1]s-%[3]d","Partition":"aws","Region":"%[1]s"}],"Compliance":{"Status":"%[4]s","SecurityControlId":"S3.8","RelatedRequirements":["NIST.800-53.r5 AC-3"]},"Workflow":{"Status":"NEW"},"RecordState":"ACTIVE"}`,
			region, account, i, []string{"PASSED", "FAILED"}[i%2], strings.Repeat("text ", 200))
	}}}
}

// start runs the program against the server.
func start(t *testing.T, server *awsfake.Server, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command("shca", args...)
	cmd.Env = append(os.Environ(), append(server.Environ(account, "us-east-1"), "AWS_MAX_ATTEMPTS=6")...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	return cmd, &stderr
}

// finish waits for the program and returns its exit code.
func finish(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

// unpacked returns a snapshot's text.
func unpacked(t *testing.T, file string) []byte {
	t.Helper()
	packed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	text, err := z.DecodeAll(packed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestCollectUnderFire pulls 50,000 findings from three Regions of a service that
// allows 3 requests a second, throttles, fails, cuts off and stalls, and from a
// fourth that never answers. It is killed in the middle and run again. Every
// finding arrives once, no request comes beyond the rate, and the Region that
// never answers is a scope with an error.
func TestCollectUnderFire(t *testing.T) {
	regions := map[string]int{"us-east-1": 17_000, "eu-west-1": 17_000, "ap-southeast-2": 16_000}
	server := awsfake.New(t)
	for name, findings := range regions {
		region(server, account, name, findings)
	}
	region(server, account, "sa-east-1", 1)
	const get = "GetFindings"
	server.Update(func() {
		server.Seed = 1
		server.Faults = []awsfake.Fault{
			{Kind: awsfake.Stall, Operation: get, Region: "sa-east-1"},
			{Kind: awsfake.Throttle, Operation: get, Share: 0.02},
			{Kind: awsfake.ServerError, Status: 503, Operation: get, Share: 0.01},
			{Kind: awsfake.Truncate, Operation: get, Share: 0.01},
			{Kind: awsfake.Reset, Operation: get, Share: 0.01},
			{Kind: awsfake.Stall, Operation: get, After: 20, Times: 2},
			{Kind: awsfake.EmptyPage, Operation: get, Share: 0.02},
			{Kind: awsfake.RepeatToken, Operation: get, Share: 0.01},
			{Kind: awsfake.ExpireToken, Operation: get, Region: "eu-west-1", After: 30, Times: 1},
			{Kind: awsfake.Slow, Delay: 500 * time.Millisecond, Operation: get, Region: "ap-southeast-2", Share: 0.1},
		}
	})
	out := filepath.Join(t.TempDir(), "snapshot.ndjson.zst")
	args := []string{"collect", "securityhub", "--regions", "us-east-1,eu-west-1,ap-southeast-2,sa-east-1", "--inventory", "none", "--timeout", "2s", "--out", out}

	began := time.Now()
	cmd, _ := start(t, server, args...)
	for server.Count(get) < 150 {
		if time.Since(began) > 2*time.Minute {
			t.Fatalf("%d requests in 2 minutes", server.Count(get))
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if code := finish(t, cmd); code != -1 {
		t.Fatalf("killed, and the exit code is %d", code)
	}
	if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("there is a snapshot though the program was killed: %v", err)
	}
	before := server.Count(get)

	cmd, stderr := start(t, server, args...)
	if code := finish(t, cmd); code != exitIncomplete {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	for _, want := range []string{"Wrote 50,000 findings to ", "went on with the run that was interrupted", "sa-east-1", "there was no answer"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, stderr)
		}
	}

	text := unpacked(t, out)
	seen := map[string]int{}
	for line := range bytes.Lines(text) {
		if _, rest, ok := bytes.Cut(line, []byte(`{"finding":{"SchemaVersion":"2018-10-08","Id":"`)); ok {
			id, _, _ := bytes.Cut(rest, []byte(`"`))
			seen[string(id)]++
		}
	}
	for name, findings := range regions {
		for i := range findings {
			id := fmt.Sprintf("arn:aws:securityhub:%s:%s:security-control/S3.8/finding/%d", name, account, i)
			if seen[id] != 1 {
				t.Fatalf("%s is there %d times", id, seen[id])
			}
		}
	}
	if len(seen) != 50_000 {
		t.Errorf("%d findings", len(seen))
	}
	violations, faults := 0, map[awsfake.Kind]int{}
	for _, e := range server.Log() {
		if e.Violation {
			violations++
		}
		if e.Operation == get {
			faults[e.Fault]++
		}
	}
	if violations > 0 {
		t.Errorf("%d requests came beyond the rate", violations)
	}
	for _, kind := range []awsfake.Kind{awsfake.Throttle, awsfake.ServerError, awsfake.Truncate, awsfake.Reset, awsfake.Stall, awsfake.EmptyPage, awsfake.RepeatToken, awsfake.ExpireToken, awsfake.Slow} {
		if faults[kind] == 0 {
			t.Errorf("the fault %s did not happen", kind)
		}
	}
	t.Logf("%d requests for 500 pages, %d of them before the kill; faults: %v", server.Count(get), before, faults)
	noSecrets(t, text, stderr.Bytes())
}

// noSecrets looks for credentials and signatures.
func noSecrets(t *testing.T, texts ...[]byte) {
	t.Helper()
	id, secret := awsfake.KeyOf(account)
	for _, text := range texts {
		for _, word := range []string{id, secret, "X-Amz-", "AWS4-HMAC", "Credential=", "SecurityToken", "NextToken"} {
			if bytes.Contains(text, []byte(word)) {
				t.Errorf("%q is in what was written", word)
			}
		}
	}
}
