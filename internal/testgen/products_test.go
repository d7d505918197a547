package testgen

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// TestUsualBytes checks that what other packages count in these estates stays
// as it is: their tests know the numbers.
func TestUsualBytes(t *testing.T) {
	for _, tc := range []struct {
		layout Layout
		o      Options
		want   string // the first half of the SHA-256
	}{
		{NDJSON, Options{Seed: 1, Findings: 2000}, "02968d3f1727d058244c27496d8835c5"},
		{Array, Options{Seed: 2, Findings: 1000, Mode: Mixed, Accounts: 8}, "279389bee704b7da62816bfd9823bee9"},
		{CLIIndented, Options{Seed: 3, Findings: 500, Mode: Off, Partition: "aws-us-gov"}, "f85c889a1e7c98879c138aa3dbf4e703"},
		{CLI, Options{Seed: 4, Findings: 1000, Partition: "aws-cn", OtherProducts: 0.5}, "f2349700dc6cad697ab954d9622ad778"},
	} {
		sum := sha256.Sum256(written(t, tc.layout, tc.o))
		if got := hex.EncodeToString(sum[:16]); got != tc.want {
			t.Errorf("%v as %s: SHA-256 begins with %s, want %s", tc.o, tc.layout, got, tc.want)
		}
	}
}

// allProducts is an estate in which every product and every member occurs.
func allProducts(seed uint64, partition string) Options {
	return Options{Seed: seed, Findings: 3000, Partition: partition, Products: []string{"all"}, OtherProducts: 0.5, New: 0.1}
}

// membersOf counts the members and elements of a finding by their paths without
// the numbers of elements, alone and with their texts: "Sample", "Workflow.Status=NEW".
func membersOf(t *testing.T, finding []byte, found map[string]int) {
	t.Helper()
	dec := jsontext.NewDecoder(bytes.NewReader(finding)) // refuses names that are there twice
	for {
		tok, err := dec.ReadToken()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("%v:\n%s", err, finding)
		}
		var path []string
		for name := range dec.StackPointer().Tokens() {
			if strings.Trim(name, "0123456789") != "" {
				path = append(path, name)
			}
		}
		at := strings.Join(path, ".")
		found[at]++
		if tok.Kind() == '"' && tok.String() != "" {
			found[at+"="+tok.String()]++
		}
	}
}

// TestAllProducts checks that every product occurs, in every partition, with
// the members that it is there for.
func TestAllProducts(t *testing.T) {
	for i, partition := range []string{"aws", "aws-us-gov", "aws-cn"} {
		found := map[string]int{}
		for finding := range Findings(allProducts(uint64(i), partition)) {
			membersOf(t, finding, found)
			for _, other := range []string{"aws", "aws-us-gov", "aws-cn"} {
				if other != partition && bytes.Contains(finding, []byte(`"arn:`+other+":")) {
					t.Fatalf("an ARN of partition %s in %s:\n%s", other, partition, finding)
				}
			}
			if at := bytes.IndexAny(finding, "\n\r"); at >= 0 {
				t.Fatalf("a line break at %d:\n%s", at, finding)
			}
			if id := valueOf(finding, `"Id":"`); len(id) > 512 || len(id) == 0 {
				t.Errorf("finding id %q", id)
			}
		}
		for _, want := range []string{
			"Action.AwsApiCallAction.RemoteIpDetails.GeoLocation.Lat", "Action.AwsApiCallAction.DomainDetails.Domain", "Action.AwsApiCallAction.AffectedResources.AWS::CloudTrail::Trail",
			"Action.NetworkConnectionAction.ConnectionDirection=UNKNOWN", "Action.NetworkConnectionAction.Blocked", "Action.DnsRequestAction.Domain",
			"Action.PortProbeAction.PortProbeDetails.LocalIpDetails.IpAddressV4", "Process.ParentPid", "Process.TerminatedAt",
			"ProductFields.aws/guardduty/service/featureName=RuntimeMonitoring", "Malware.Type=COIN_MINER", "Malware.Type=MACRO", "Malware.State=REMOVED", "Threats.FilePaths.Hash",
			"Detection.Sequence.Actors.Session.MfaStatus", "Detection.Sequence.Signals.Severity", "Detection.Sequence.Endpoints.Connection.Direction=OUTBOUND",
			"Vulnerabilities.CodeVulnerabilities.Cwes=CWE-798", "Vulnerabilities.CodeVulnerabilities.FilePath.EndLine", "Vulnerabilities.FixAvailable=NO", "Vulnerabilities.FixAvailable=PARTIAL",
			"Vulnerabilities.LastKnownExploitAt", "Vulnerabilities.RelatedVulnerabilities", "Vulnerabilities.Cvss.Adjustments.Reason", "Vulnerabilities.Cvss.Version=4.0",
			"Vulnerabilities.VulnerablePackages.SourceLayerHash", "Vulnerabilities.VulnerablePackages.SourceLayerArn", "Vulnerabilities.ExploitAvailable=YES",
			"Resources.DataClassification.Result.SensitiveData.Category=CREDENTIALS", "Resources.DataClassification.Result.SensitiveData.Detections.Occurrences.Cells.CellReference",
			"Resources.DataClassification.Result.CustomDataIdentifiers.Detections.Arn", "Resources.DataClassification.Result.Status.Code=PARTIAL",
			"ProductName=IAM Access Analyzer", "ProductName=Config", "ProductName=Firewall Manager", "ProductName=Health", "PatchSummary.InstalledPendingReboot",
			"GeneratorId=prowler-s3_bucket_public_access", "Compliance.AssociatedStandards.StandardsId=NIST-800-53-Revision-5", "Compliance.RelatedRequirements=NIST-800-53-Revision-5 ac_3 ac_6 sc_7_3",
			"Compliance.Status=NOT_AVAILABLE", "Compliance.Status=WARNING", "Compliance.SecurityControlParameters.Value", "Compliance.StatusReasons.ReasonCode=SECOND_REASON",
			"Resources.Details.Other.CVE ID", "ThreatIntelIndicators.Category=COMMAND_AND_CONTROL", "NetworkPath.Egress.Destination.PortRanges.Begin", "Network.SourceMac",
			"Network.Direction=OUT", "UserDefinedFields.a.b/c d", "RelatedFindings.ProductArn", "Note.UpdatedBy=night-shift", "VerificationState=BENIGN_POSITIVE", "Confidence", "Criticality",
			"GeneratorDetails.Labels", "Resources.ResourceRole=Actor", "Resources.Tags.a=b=c:d", "Resources.ApplicationArn", "Resources.Owner.Org.Id", "FindingProviderFields.RelatedFindings.Id",
			"Workflow.Status=SUPPRESSED", "RecordState=ARCHIVED", "Severity.Label=INFORMATIONAL", "Sample",
		} {
			if found[want] == 0 {
				t.Errorf("%s: %s does not occur", partition, want)
			}
		}
		if t.Failed() {
			return
		}
	}
}

// TestProductsAlone checks that each product's findings are well formed, in the
// formats that hold them only, and that names choose products.
func TestProductsAlone(t *testing.T) {
	o := allProducts(1, "")
	o.Findings = 200
	g, err := newGenerator(o)
	if err != nil {
		t.Fatal(err)
	}
	all, kinds := g.products, g.productKinds
	for i, p := range all {
		g.products, g.productKinds = all[i:i+1], kinds[i:i+1]
		for n := range 50 {
			membersOf(t, g.appendProduct(nil, n, n%5, n%4), map[string]int{})
		}
		for _, format := range []Format{OCSFV2, ProwlerOCSF} {
			g.Format = format
			event := g.appendProduct(nil, 0, 0, 0)
			if want := format == ProwlerOCSF && p.name == "prowler"; len(event) > 0 != want {
				t.Errorf("%s as %s: %s", p.name, format, event)
			}
			membersOf(t, event, map[string]int{})
		}
		g.Format = ASFF
	}
	done := map[string]bool{}
	for _, p := range all {
		if done[p.name] {
			continue
		}
		done[p.name] = true
		for finding := range Findings(Options{Seed: 1, Findings: 40, Products: []string{p.name}, OtherProducts: 0.5}) {
			arn := string(valueOf(finding, `"ProductArn":"`))
			name, ok := productNames[arn[strings.Index(arn, "product/")+len("product/"):]]
			if strings.HasSuffix(arn, "/default") {
				name, ok = "default", true
			}
			if !ok || name != p.name && name != "" {
				t.Fatalf("product %s was not asked for, but %s", arn, p.name)
			}
		}
	}
}

// productNames has the names of products by the ends of their ARNs.
var productNames = map[string]string{
	"aws/securityhub": "", "aws/guardduty": "guardduty", "aws/inspector": "inspector", "aws/macie": "macie", "aws/config": "config",
	"aws/access-analyzer": "access-analyzer", "aws/firewall-manager": "firewall-manager", "aws/ssm-patch-manager": "patch-manager", "aws/health": "health",
	"prowler/prowler": "prowler", "aquasecurity/aquasecurity": "trivy",
}

// TestOwnFindingsStay checks that other products do not change what Security
// Hub itself finds, and that an estate can be made again.
func TestOwnFindingsStay(t *testing.T) {
	own := func(products ...string) []byte {
		var b []byte
		for finding := range Findings(Options{Seed: 5, Findings: 1000, Products: products}) {
			if bytes.Contains(finding, []byte(`::product/aws/securityhub"`)) {
				b = append(append(b, finding...), '\n')
			}
		}
		return b
	}
	usual := own()
	if len(usual) < 900*1800 {
		t.Fatalf("only %d bytes of Security Hub's own findings", len(usual))
	}
	for _, products := range [][]string{{"all"}, {"prowler"}, {"trivy", "default"}} {
		if !bytes.Equal(usual, own(products...)) {
			t.Errorf("with products %v Security Hub's own findings differ", products)
		}
	}
	for _, format := range []Format{ASFF, OCSFV2, ProwlerOCSF} {
		o := allProducts(6, "")
		o.Format = format
		if !bytes.Equal(written(t, CLI, o), written(t, CLI, o)) {
			t.Errorf("%s: the same options gave different bytes", format)
		}
	}
}

func TestWrongProducts(t *testing.T) {
	for _, tc := range []struct {
		o    Options
		want string
	}{
		{Options{Products: []string{"guardduty", "guard-duty"}}, `testgen: product "guard-duty" is not one of all, guardduty, inspector, macie, config, access-analyzer, firewall-manager, patch-manager, health, prowler, trivy, default`},
		{Options{Format: 9}, "testgen: no format 9"},
		{Options{Format: OCSFV2, Mode: Mixed}, "testgen: format ocsf-v2 has consolidated findings only: use mode on, not mixed"},
		{Options{Format: ProwlerOCSF, Products: []string{"trivy"}}, "testgen: format prowler holds findings of Prowler only: add prowler to the products"},
		{Options{New: 0.6}, "testgen: share of new is 0.6: must be at most 0.5"},
	} {
		if err := Write(io.Discard, NDJSON, tc.o); fmt.Sprint(err) != tc.want {
			t.Errorf("error %v, want %s", err, tc.want)
		}
	}
}

// TestMemoryOfFormats checks that a finding of any product and format allocates
// nothing.
func TestMemoryOfFormats(t *testing.T) {
	for _, format := range []Format{ASFF, OCSFV2, ProwlerOCSF} {
		o := allProducts(1, "")
		o.Format = format
		g, err := newGenerator(o)
		if err != nil {
			t.Fatal(err)
		}
		if got := testing.AllocsPerRun(1, func() { g.findings(func([]byte) bool { return true }) }); got > 100 {
			t.Errorf("%s: %.0f allocations", format, got)
		}
	}
}

// valueOf returns the text between prefix and the next quote.
func valueOf(b []byte, prefix string) []byte {
	_, rest, _ := bytes.Cut(b, []byte(prefix))
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return value
}
