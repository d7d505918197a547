package redact

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-shca/shca"
)

// finding returns a redacted copy of the finding. It is of the same source,
// product and check, its Raw is a record of the same format, written anew, and
// an assessment of the copy has the same numbers.
func (r *Redactor) finding(f *shca.Finding) (*shca.Finding, error) {
	hub := f.SecurityHub()
	product := f.ProductPath()
	g := &shca.Finding{
		Source: r.source(f.Source),

		ID: r.id(f.ID), ProductARN: r.id(f.ProductARN), ProductName: r.product(f.ProductName, hub),
		GeneratorID: r.generator(f.GeneratorID, hub),

		AccountID: r.account(f.AccountID), AccountName: r.name(f.AccountName),
		Region: r.region(f.Region), Partition: r.unless(partition, f.Partition),

		Check:        r.checkID(f.Check, hub),
		Standards:    each(f.Standards, r.standard),
		Requirements: each(f.Requirements, r.requirement),
		ConfigRule:   r.configRule(f.ConfigRule, hub),

		Status:      shca.ComplianceStatus(r.oneOf(string(f.Status), "PASSED", "FAILED", "WARNING", "NOT_AVAILABLE")),
		Severity:    f.Severity,
		Workflow:    r.oneOf(f.Workflow, "NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED", "ASSIGNED", "IN_PROGRESS", "DEFERRED"),
		RecordState: r.oneOf(f.RecordState, "ACTIVE", "ARCHIVED"),
		Types:       each(f.Types, func(t string) string { return r.findingType(t, product) }),

		Remediation: shca.Remediation{URL: r.url(f.Remediation.URL)},
		Note:        shca.Note{Text: wholly(f.Note.Text), UpdatedBy: r.id(f.Note.UpdatedBy), UpdatedAt: f.Note.UpdatedAt},

		CreatedAt: f.CreatedAt, UpdatedAt: f.UpdatedAt, FirstObservedAt: f.FirstObservedAt,
		LastObservedAt: f.LastObservedAt, ProcessedAt: f.ProcessedAt,

		Disposition: f.Disposition,
	}
	// Security Hub's texts are the same for all its customers; those of other
	// products may name anything.
	var names []string
	if hub {
		names = r.namesOf(f)
		g.Title, g.Description = r.awsText(f.Title, names), r.awsText(f.Description, names)
		g.Remediation.Text = r.awsText(f.Remediation.Text, names)
	} else {
		g.Title, g.Description = r.text(f.Title), wholly(f.Description)
		g.Remediation.Text = wholly(f.Remediation.Text)
	}
	for _, s := range f.StatusReasons {
		reason := shca.StatusReason{Code: r.reasonCode(s.Code, hub), Description: r.text(s.Description)}
		if hub {
			reason.Description = r.awsText(s.Description, names)
		}
		g.StatusReasons = append(g.StatusReasons, reason)
	}
	for _, one := range f.Resources {
		g.Resources = append(g.Resources, shca.Resource{
			ID: r.id(one.ID), Type: r.unless(resourceType, one.Type),
			Region: r.region(one.Region), Partition: r.unless(partition, one.Partition),
			Alias: r.id(one.Alias),
		})
	}
	r.foreign(f, g)
	return g, r.write(g)
}

// each replaces the texts of a list; no list stays no list.
func each(texts []string, replace func(string) string) []string {
	var all []string
	for _, t := range texts {
		all = append(all, replace(t))
	}
	return all
}

// oneOf keeps the values of an enumeration.
func (r *Redactor) oneOf(value string, values ...string) string {
	if value == "" || slices.Contains(values, value) {
		return value
	}
	return r.name(value)
}

var (
	hubGenerator = regexp.MustCompile(`^(?:security-control/[A-Za-z0-9.]{1,40}|(?:` + standardNames + `)/v/[0-9.]{1,10}/[A-Za-z0-9./]{1,40}|arn:aws[a-z-]*:securityhub:::ruleset/(?:` + standardNames + `)/v/[0-9.]{1,10}(?:/rule/[0-9.]{1,10})?)$`)
	hubCheck     = regexp.MustCompile(`^(?:(?:PCI\.)?[A-Za-z][A-Za-z0-9]{0,30}\.[0-9]{1,3}(?:\.[0-9]{1,3})?|CIS\.[0-9.]{1,10}|(?:` + standardNames + `)/v/[0-9.]{1,10}/(?:rule/)?[A-Za-z0-9.]{1,40})$`)
	resourceType = regexp.MustCompile(`^(?:Aws[A-Z][A-Za-z0-9]{1,50}|Other|Container|CodeRepository|AWS::[A-Za-z0-9]{0,30}::[A-Za-z0-9]{1,40})$`)
	reasonCode   = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,60}$`)
	hubRule      = regexp.MustCompile(`^(securityhub-[a-z0-9-]{1,100})-[0-9a-z]{6,12}$`)
)

// generator keeps those of Security Hub's standards.
func (r *Redactor) generator(id string, hub bool) string {
	if hub && hubGenerator.MatchString(id) {
		return id
	}
	if check, ok := strings.CutPrefix(id, "prowler-"); ok { // which Prowler puts before each
		return "prowler-" + r.id(check)
	}
	return r.id(id)
}

// checkID returns the check's id, of Security Hub itself or not. The ids of its
// own checks and of a public table stay.
func (r *Redactor) checkID(id shca.CheckID, hub bool) shca.CheckID {
	if id == "" || r.check(id) || hub && hubCheck.MatchString(string(id)) {
		return id
	}
	if rule, ok := strings.CutPrefix(string(id), "config-rule/"); ok {
		return shca.CheckID("config-rule/" + r.configRule(rule, hub))
	}
	return shca.CheckID(r.generator(string(id), hub))
}

// configRule keeps what Security Hub names the rules of its own checks after.
func (r *Redactor) configRule(name string, hub bool) string {
	if m := hubRule.FindStringSubmatch(name); hub && m != nil {
		return m[1] + "-" + r.token(name)
	}
	if name != "" && r.check(shca.CheckID("config-rule/"+name)) {
		return name
	}
	return r.id(name)
}

func (r *Redactor) reasonCode(code string, hub bool) string {
	if hub {
		return r.unless(reasonCode, code)
	}
	return r.name(code)
}

// products are those that people know by these names; others may be the user's.
var products = []string{
	"Security Hub", "Security Hub CSPM", "GuardDuty", "Inspector", "Macie", "Config", "Health", "Detective", "Firewall Manager", "IAM Access Analyzer",
	"Systems Manager Patch Manager", "IoT Device Defender", "Prowler", "Default", "AWS Config", "AWS Audit Manager",
}

func (r *Redactor) product(name string, hub bool) string {
	if slices.Contains(products, name) || hub && strings.TrimPrefix(strings.TrimPrefix(name, "AWS "), "Amazon ") == "Security Hub" {
		return name
	}
	return r.name(name)
}

// frameworkWords are the words of which the names of public frameworks consist.
var frameworkWords = wordSet(`nist sp 800-53 800-171 800-53: rev rev. revision r4 r5 r5.1.1 r2 5 5: 5, 4 pci dss cis aws foundations benchmark iso iec 27001 27017 27018 soc 2 tsc
	hipaa gdpr fedramp cmmc csf security best practices foundational standard tagging resource foundation well-architected framework pillar mitre att&ck ens rd2022 kisa isms-p
	ffiec gxp eu annex cisa rbi cyber moderate low high v1 v2 v3 v4 v5 nist.800-53.r4 nist.800-53.r5 nist.800-171.r2 nist-800-53-revision-4 nist-800-53-revision-5 nist-800-171-revision-2
	nist-csf-1.1 nist-csf-2.0 control tower managed service`)

var (
	// nistID matches ids of NIST SP 800-53 by their families: AC-2(1), ac_2_3_b.
	// They are known without a word for the framework.
	nistID = regexp.MustCompile(`^(?i:ac|at|au|ca|cm|cp|ia|ir|ma|mp|pe|pl|pm|ps|pt|ra|sa|sc|si|sr)[-_.][0-9]{1,3}(?:[-._/][0-9]{1,3}|[-._][A-Za-z]|\([A-Za-z0-9]{1,2}\)){0,6}[.,:]?$`)
	// controlID matches those of other public frameworks: v4.0.1/7.2.1, A.8.24,
	// CC6.1, 164.312(a)(1).
	controlID = regexp.MustCompile(`^(?:v[0-9.]{1,8}/)?(?:[A-Z]\.?|CC|PI)?[0-9]{1,3}(?:[-._/][0-9]{1,3}|[-._][A-Za-z]|\([A-Za-z0-9]{1,2}\)){0,6}[.,:]?$`)
)

// isAddress reports whether the text is an IP address or a range of them, which
// ids of controls can look like.
func isAddress(text string) bool {
	text = strings.TrimRight(text, ".,:")
	_, err := netip.ParseAddr(text)
	if err != nil {
		_, err = netip.ParsePrefix(text)
	}
	return err == nil
}

// requirement keeps what a public framework requires. In a text that begins as
// one does, words that are not its own become question marks, as many as they
// had letters: such a text names no control, or fewer, and does so still.
func (r *Redactor) requirement(text string) string {
	words := strings.Fields(text)
	known := false // the text began with the name of a framework
	own := func(w string) bool {
		known := known
		if framework, id, ok := strings.Cut(w, "/"); ok && frameworkWords[lower(framework)] {
			w, known = id, true
		}
		return frameworkWords[lower(w)] || nistID.MatchString(w) || known && controlID.MatchString(w) && !isAddress(w)
	}
	if len(words) > 0 {
		framework, _, _ := strings.Cut(lower(words[0]), "/")
		known = frameworkWords[framework] && strings.Trim(framework, "0123456789,:") != ""
	}
	foreign := 0
	for _, w := range words {
		if !own(w) {
			foreign++
		}
	}
	if foreign == 0 {
		return text
	}
	first := lower(words[0])
	if first != "nist" && !strings.HasPrefix(first, "nist.800") && !strings.HasPrefix(first, "nist-800") || !own(words[0]) {
		return r.name(text)
	}
	var b strings.Builder
	for rest := text; rest != ""; {
		gap := len(rest) - len(strings.TrimLeft(rest, " "))
		b.WriteString(rest[:gap])
		rest = rest[gap:]
		end := strings.IndexByte(rest, ' ')
		if end < 0 {
			end = len(rest)
		}
		if w := rest[:end]; own(w) {
			b.WriteString(w)
		} else {
			b.WriteString(strings.Repeat("?", utf8.RuneCountInString(w)))
		}
		rest = rest[end:]
	}
	return b.String()
}

var standardID = regexp.MustCompile(`^(?:arn:aws[a-z-]*:securityhub:[a-z0-9-]*::)?(?:standards|ruleset)/(?:` + standardNames + `)/v/[0-9.]{1,10}$`)

// standard keeps the ids of public standards.
func (r *Redactor) standard(id string) string {
	if standardID.MatchString(id) || publicStandard(id) {
		return id
	}
	return r.id(id)
}

// publicStandard reports whether the words are those of which the names of public
// standards consist.
func publicStandard(name string) bool {
	words := strings.FieldsFunc(name, func(c rune) bool { return c == '-' || c == ' ' || c == '_' || c == '/' })
	return len(words) > 0 && !slices.ContainsFunc(words, func(w string) bool { return !frameworkWords[lower(w)] && !version.MatchString(w) })
}

var version = regexp.MustCompile(`^(?:v?[0-9]{1,4}(?:\.[0-9]{1,2}){0,2}|v)$`)

// namespaces are the types taxonomy for ASFF (Security Hub user guide): the
// namespaces and the categories of each. Some categories are not in it, but AWS's
// products use them.
var namespaces = map[string][]string{
	"Software and Configuration Checks": {
		"Vulnerabilities", "AWS Security Best Practices", "Industry and Regulatory Standards", "Patch Management",
	},
	"TTPs": {
		"Initial Access", "Execution", "Persistence", "Privilege Escalation", "Defense Evasion", "Credential Access", "Discovery", "Lateral Movement", "Collection", "Command and Control",
		"Exfiltration", "Impact",
	},
	"Effects": {"Data Exposure", "Data Exfiltration", "Data Destruction", "Denial of Service", "Resource Consumption"},
	"Unusual Behaviors": {
		"Application", "Network Flow", "IP address", "User", "VM", "Container", "Serverless", "Process", "Database", "Data",
	},
	"Sensitive Data Identifications": {"PII", "Passwords", "Legal", "Financial", "Security", "Business", "Credentials", "Custom"},
}

// classifiers are what AWS puts behind a category.
var classifiers = []string{
	"CVE", "Network Reachability", "Runtime Behavior Analysis", "CIS Host Hardening Benchmarks", "Compliance",
	"External Access Granted", "Unused Permission", "Unused IAM Role", "Unused IAM User Access Key", "Unused IAM User Password",
}

// wholeTypes are the types of OCSF findings of Security Hub, which have no
// namespace.
var wholeTypes = []string{"Posture Management", "Vulnerabilities", "Threats", "Exposure", "Sensitive Data"}

// detection matches types of GuardDuty's and Macie's findings: a purpose and a
// resource of theirs, and a word for what was seen.
var detection = regexp.MustCompile(`^(?:AttackSequence|Backdoor|Behavior|CredentialAccess|Crypto[Cc]urrency|DefenseEvasion|Discovery|Execution|Exfiltration|Impact|InitialAccess|Pen[Tt]est|Persistence|Policy|` +
	`PrivilegeEscalation|Recon|ResourceConsumption|SensitiveData|Stealth|Trojan|UnauthorizedAccess):(?:EC2|ECS|EKS|IAM|IAMUser|S3|S3Object|Kubernetes|Lambda|RDS|Runtime|Container)[-/][A-Z][A-Za-z0-9&]{1,60}(?:\.[A-Z][A-Za-z0-9]{0,40})*(?:![A-Z][A-Za-z]{0,10})?$`)

// detectors are the products whose types are of that form. Customers cannot be
// told from them, but have no reason to write such a type there.
var detectors = []string{"aws/guardduty", "aws/macie"}

// findingType keeps what AWS documents of types of findings, and nothing that a
// customer may have put there: even those of AWS's products can be updated.
func (r *Redactor) findingType(text, product string) string {
	if slices.Contains(wholeTypes, text) {
		return text
	}
	parts := strings.Split(text, "/")
	categories, ok := namespaces[parts[0]]
	if !ok {
		return r.name(text)
	}
	for i := 1; i < len(parts); i++ {
		rest := strings.Join(parts[i:], "/")
		switch {
		case slices.Contains(detectors, product) && detection.MatchString(rest) && lookAt(rest).digits < 4:
			return strings.Join(parts, "/")
		case i == 1 && slices.Contains(categories, parts[i]), slices.Contains(classifiers, parts[i]), publicStandard(parts[i]):
		default:
			parts[i] = r.name(parts[i])
		}
	}
	return strings.Join(parts, "/")
}
