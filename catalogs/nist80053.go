package catalogs

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/go-shca/shca"
)

//go:embed data/*.csv
var data embed.FS

// nist80053r5 returns NIST SP 800-53 Rev. 5. The value is shared: callers
// outside the package get a copy of it.
var nist80053r5 = sync.OnceValue(func() *Framework {
	f, err := loadNIST80053r5()
	if err != nil {
		panic("catalogs: the embedded tables are damaged: " + err.Error()) // the tests read them
	}
	return f
})

// nistBaselines are the baselines and the columns they have in the table of
// controls.
var nistBaselines = [...]struct{ column, name, title string }{
	{"low", "low", "NIST SP 800-53B Low"},
	{"moderate", "moderate", "NIST SP 800-53B Moderate"},
	{"high", "high", "NIST SP 800-53B High"},
	{"privacy", "privacy", "NIST SP 800-53B Privacy"},
	{"fedramp_low", "fedramp-low", "FedRAMP Rev. 5 Low"},
	{"fedramp_moderate", "fedramp-moderate", "FedRAMP Rev. 5 Moderate"},
	{"fedramp_high", "fedramp-high", "FedRAMP Rev. 5 High"},
	{"fedramp_li_saas", "fedramp-li-saas", "FedRAMP Rev. 5 LI-SaaS"},
}

func loadNIST80053r5() (*Framework, error) {
	families := map[string]string{}
	err := eachRow("nist-sp800-53r5-families.csv", func(row map[string]string) error {
		families[row["family"]] = row["title"]
		return nil
	})
	if err != nil {
		return nil, err
	}

	var controls []Control
	baselines := make([]Baseline, len(nistBaselines))
	for i, b := range nistBaselines {
		baselines[i] = Baseline{Name: b.name, Title: b.title}
	}
	err = eachRow("nist-sp800-53r5-controls.csv", func(row map[string]string) error {
		id := shca.ControlID(row["id"])
		control := Control{
			ID:        id,
			Title:     row["title"],
			Parent:    shca.ControlID(row["parent"]),
			Withdrawn: row["withdrawn"] != "",
			Since:     row["since_release"],
		}
		if by := row["replaced_by"]; by != "" {
			control.ReplacedBy = strings.Fields(by)
		}
		controls = append(controls, control)
		for i, b := range nistBaselines {
			if row[b.column] != "" {
				baselines[i].Controls = append(baselines[i].Controls, id)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	catalog, err := newCatalog(
		"NIST SP 800-53 Rev. 5: Security and Privacy Controls for Information Systems and Organizations",
		"5.2.0", controls, families)
	if err != nil {
		return nil, err
	}

	t := &tables{
		embedded:  catalog,
		checks:    map[shca.CheckID]Check{},
		checksFor: map[shca.ControlID][]shca.CheckID{},
		ccis:      map[shca.ControlID][]CCI{},
		spelling: spelling{
			one:      regexp.MustCompile(`(?i)^\s*NIST[ ._-]?(?:SP[ ._-]?)?800[.-]53[ ._-]?(?:r|rev\.?|revision)[ ._-]?5(?:\.[0-9]+)*(?:[\s:,]+|$)`),
			list:     "NIST-800-53-Revision-5",
			standard: "nist-800-53/v/5",
		},
		publishers: nistPublishers(),
	}
	err = eachRow("securityhub-nist-800-53-r5.csv", func(row map[string]string) error {
		severity, ok := shca.ParseSeverity(row["severity"])
		if !ok {
			return fmt.Errorf("severity %q is no ASFF label", row["severity"])
		}
		check := Check{
			ID:                   shca.CheckID(row["control"]),
			Severity:             severity,
			Schedule:             row["schedule"],
			ConfigRule:           row["config_rule"],
			Category:             row["category"],
			AutomatedRemediation: row["asr_remediation"] != "",
		}
		if types := row["resource_types"]; types != "" {
			check.ResourceTypes = strings.Fields(types)
		}
		for _, id := range strings.Fields(row["nist"]) {
			check.Controls = append(check.Controls, shca.ControlID(id))
		}
		t.checks[folded(check.ID)] = check
		t.order = append(t.order, check.ID)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(t.order, shca.CheckID.Compare)
	for _, id := range t.order {
		for _, control := range t.checks[folded(id)].Controls {
			t.checksFor[control] = append(t.checksFor[control], id)
		}
	}
	t.addRules()
	err = eachRow("cci-nist-r5.csv", func(row map[string]string) error {
		id := shca.ControlID(row["control"])
		t.ccis[id] = append(t.ccis[id], CCI{ID: row["cci"], Part: row["part"]})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &Framework{
		Name:      "nist-800-53-r5",
		Title:     "NIST SP 800-53 Rev. 5",
		Catalog:   catalog,
		Baselines: baselines,
		tables:    t,
	}, nil
}

// addRules makes the checks known by their Config rules.
func (t *tables) addRules() {
	byRule := map[string][]Check{}
	for _, id := range t.order {
		if c := t.checks[folded(id)]; c.ConfigRule != "" {
			byRule[c.ConfigRule] = append(byRule[c.ConfigRule], c)
		}
	}
	for rule, checks := range byRule {
		id := shca.CheckID(ruleCheck + rule)
		c := checks[0]
		if len(checks) > 1 {
			c = Check{ID: id, Schedule: c.Schedule, ConfigRule: rule}
			for _, one := range checks {
				c.Severity = max(c.Severity, one.Severity)
				c.Controls = append(c.Controls, one.Controls...)
				c.ResourceTypes = append(c.ResourceTypes, one.ResourceTypes...)
			}
			slices.SortFunc(c.Controls, t.embedded.Compare)
			slices.Sort(c.ResourceTypes)
			c.Controls, c.ResourceTypes = slices.Compact(c.Controls), slices.Compact(c.ResourceTypes)
		}
		t.checks[folded(id)] = c
	}
}

// eachRow calls f with every row of an embedded table, by column.
func eachRow(name string, f func(row map[string]string) error) error {
	b, err := data.ReadFile("data/" + name)
	if err != nil {
		return err
	}
	records, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	row := make(map[string]string)
	for i, record := range records {
		if i == 0 {
			continue
		}
		for k, value := range record {
			row[records[0][k]] = value
		}
		if err := f(row); err != nil {
			return fmt.Errorf("%s: line %d: %w", name, i+1, err)
		}
	}
	return nil
}

// nistPublishers tells the files that NIST and FedRAMP publish by their names
// and titles, of revision 5 only.
func nistPublishers() publishers {
	return publishers{
		catalogFile:  regexp.MustCompile(`(?i)^NIST_SP-?800-53_rev5(?:\.[0-9]+)*_catalog(?:-min)?\.(?:json|xml|ya?ml)$`),
		catalogTitle: regexp.MustCompile(`(?i)^(?:Electronic Version of )?(?:NIST )?(?:Special Publication|SP|Special Publication \(SP\)) 800-53,? rev(?:ision|\.)? ?5(?:\.[0-9]+)*(?::? (?:Security and Privacy )?Controls\b.*|:? catalog)?$`),
		baselineFile: regexp.MustCompile(`(?i)^(NIST_SP-?800-53|FedRAMP)_rev5(?:\.[0-9]+)*_(LOW|MODERATE|HIGH|PRIVACY|LI-SaaS)-baseline(?:_profile|-resolved-profile_catalog)(?:-min)?\.(?:json|xml|ya?ml)$`),
		baselineName: func(m []string) string {
			name := strings.ToLower(m[2])
			if strings.EqualFold(m[1], "FedRAMP") {
				name = "fedramp-" + name
			}
			return name
		},
	}
}
