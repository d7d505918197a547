package securityhub

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca/internal/awsapi"
)

func TestParseFilter(t *testing.T) {
	tests := []struct{ text, v1, v2, err string }{
		{text: "SeverityLabel=HIGH", v1: `{"SeverityLabel":[{"Comparison":"EQUALS","Value":"HIGH"}]}`},
		{text: " SeverityLabel=HIGH,CRITICAL ", v1: `{"SeverityLabel":[{"Comparison":"EQUALS","Value":"HIGH"},{"Comparison":"EQUALS","Value":"CRITICAL"}]}`},
		{text: "ResourceTags=System=pay=roll", v1: `{"ResourceTags":[{"Comparison":"EQUALS","Key":"System","Value":"pay=roll"}]}`},
		{text: "Confidence=90.5", v1: `{"Confidence":[{"Eq":90.5}]}`},
		{text: "Confidence=0", v1: `{"Confidence":[{"Eq":0}]}`},
		{text: "NetworkSourceIpV4=10.0.0.0/8", v1: `{"NetworkSourceIpV4":[{"Cidr":"10.0.0.0/8"}]}`},
		{text: "Sample=false", v1: `{"Sample":[{"Value":false}]}`},
		{text: "Keyword=s3", v1: `{"Keyword":[{"Value":"s3"}]}`},
		{text: "cloud.region=us-east-1,us-west-2", v2: `{"CompositeFilters":[{"Operator":"OR","StringFilters":[{"FieldName":"cloud.region","Filter":{"Comparison":"EQUALS","Value":"us-east-1"}},{"FieldName":"cloud.region","Filter":{"Comparison":"EQUALS","Value":"us-west-2"}}]}],"CompositeOperator":"AND"}`},
		{text: `{"UpdatedAt":[{"DateRange":{"Unit":"DAYS","Value":30}}],"Title":[{"Comparison":"PREFIX","Value":"S3, "}]}`,
			v1: `{"Title":[{"Comparison":"PREFIX","Value":"S3, "}],"UpdatedAt":[{"DateRange":{"Unit":"DAYS","Value":30}}]}`},
		{text: `{"CompositeFilters":[{"StringFilters":[{"FieldName":"severity","Filter":{"Comparison":"EQUALS","Value":"High"}}],"Operator":"AND"}]}`,
			v2: `{"CompositeFilters":[{"Operator":"AND","StringFilters":[{"FieldName":"severity","Filter":{"Comparison":"EQUALS","Value":"High"}}]}]}`},

		{text: "SeverityLabel", err: "neither NAME=VALUE nor a JSON object"},
		{text: "=HIGH", err: "neither NAME=VALUE"},
		{text: "", err: "neither NAME=VALUE"},
		{text: "SeverityLabel=", err: "empty"},
		{text: "SeverityLabel=HIGH, LOW", err: "blank at its end: commas separate values"},
		{text: "SeverityLabel=High", err: `has the value "High", which is none of INFORMATIONAL, LOW, MEDIUM, HIGH, CRITICAL`},
		{text: "SeverityLable=HIGH", err: `there is no filter "SeverityLable": did you mean SeverityLabel`},
		{text: "severitylabel=HIGH", err: "did you mean SeverityLabel"},
		{text: "Severity=HIGH", err: "did you mean severity, SeverityLabel"},
		{text: "noSmithyDocumentSerde=x", err: "there is no filter"},
		{text: "Qwzx=x", err: "see AwsSecurityFindingFilters"},
		{text: "Confidence=high", err: `takes a number, which "high" is not`},
		{text: "Confidence=Inf", err: "takes a number"},
		{text: "Sample=maybe", err: "true or false"},
		{text: "ResourceTags=System", err: "ResourceTags=KEY=VALUE"},
		{text: "UpdatedAt=2026-01-01", err: `{"UpdatedAt":[{"DateRange"`},
		{text: "Region=" + strings.Repeat("r,", 20) + "r", err: "the filter Region has 21 values; AWS takes 20"},
		{text: `{"SeverityLable":[]}`, err: "did you mean SeverityLabel"},
		{text: `{"Title":[{"Value":"x"}]}`, err: "the filter Title needs Value and Comparison"},
		{text: `{"Title":[{"Comparison":"LIKE","Value":"x"}]}`, err: "the filter Title needs Value and Comparison"},
		{text: `{"ResourceTags":[{"Value":"x"}]}`, err: "the filter ResourceTags needs Key"},
		{text: `{"Title":[{"Value":7}]}`, err: "not what AWS takes"},
		{text: `{"Title":`, err: "not JSON"},
		{text: `{"CompositeFilters":[{"StringFilters":[{"FieldName":"severty","Filter":{"Comparison":"EQUALS","Value":"High"}}]}]}`, err: "did you mean severity"},
	}
	for _, tt := range tests {
		f, err := ParseFilter(tt.text)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: error %v, want %q", tt.text, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if v1, v2 := wire(t, f); v1 != tt.v1 || v2 != tt.v2 {
			t.Errorf("%s:\n%s\n%s\nwant\n%s\n%s", tt.text, v1, v2, tt.v1, tt.v2)
		}
	}
}

// wire returns the filters as they are sent.
func wire(t *testing.T, f Filter) (v1, v2 string) {
	t.Helper()
	var texts [2]jsontext.Value
	var err error
	if f.ASFF != nil {
		if texts[0], err = pinned(f.ASFF); err != nil {
			t.Fatal(err)
		}
	}
	if f.OCSF != nil {
		if texts[1], err = pinned(f.OCSF); err != nil {
			t.Fatal(err)
		}
	}
	return string(texts[0]), string(texts[1])
}

// Values of one name add up, whatever the order of the filters and what lies
// between them; different names narrow. Filters are not changed by it.
func TestFiltersTogether(t *testing.T) {
	high, critical := must(ParseFilter("SeverityLabel=HIGH")), must(ParseFilter("SeverityLabel=CRITICAL"))
	region := must(ParseFilter("Region=us-east-1"))
	v1, _ := wire(t, high.and(region).and(critical))
	const want1 = `{"Region":[{"Comparison":"EQUALS","Value":"us-east-1"}],"SeverityLabel":[{"Comparison":"EQUALS","Value":"HIGH"},{"Comparison":"EQUALS","Value":"CRITICAL"}]}`
	if v1 != want1 {
		t.Errorf("%s, want %s", v1, want1)
	}
	if got, _ := wire(t, high); got != `{"SeverityLabel":[{"Comparison":"EQUALS","Value":"HIGH"}]}` {
		t.Errorf("the first filter has become %s", got)
	}

	a, b, c := must(ParseFilter("severity=High")), must(ParseFilter("cloud.region=us-east-1")), must(ParseFilter("severity=Critical"))
	sum := Filter{}.and(a).and(b).and(c)
	if n := len(sum.OCSF.CompositeFilters); n != 2 {
		t.Errorf("%d composite filters, want 2, one for each field", n)
	}
	if got := describeV2(sum.OCSF); got != "severity High, Critical; cloud.region us-east-1" {
		t.Errorf("the filter is described as %q", got)
	}
	either := must(ParseFilter(`{"CompositeOperator":"OR","CompositeFilters":[{"StringFilters":[{"FieldName":"severity","Filter":{"Comparison":"EQUALS","Value":"High"}}]},{"StringFilters":[{"FieldName":"status","Filter":{"Comparison":"EQUALS","Value":"New"}}]}]}`))
	sum = either.and(b)
	if f := sum.OCSF; f.CompositeOperator != types.AllowedOperatorsAnd || len(f.CompositeFilters) != 2 ||
		f.CompositeFilters[0].Operator != types.AllowedOperatorsOr || len(f.CompositeFilters[0].NestedCompositeFilters) != 2 {
		t.Errorf("one of two, and a third: %+v", f)
	}
	if got := describeV2(sum.OCSF); got != "a filter that the snapshot's header has" {
		t.Errorf("the filter is described as %q", got)
	}
}

func TestOptions(t *testing.T) {
	e := newEstate(t)
	e.hub(own, east)
	s := e.session(awsapi.Options{})
	filter := func(texts ...string) (all []Filter) {
		for _, text := range texts {
			all = append(all, must(ParseFilter(text)))
		}
		return all
	}
	nine := filter("Region=a", "Title=a", "Type=a", "ResourceId=a", "ResourceType=a", "ProductName=a", "CompanyName=a", "GeneratorId=a", "Id=a")
	tests := []struct {
		o    Options
		want string // of the error, or of the filter where it begins with {
	}{
		{Options{}, "there is no session"},
		{Options{Session: s}, "no Region"},
		{Options{Session: s, Regions: []string{""}}, "no Region"},
		{Options{Session: s, Regions: []string{east}, API: "v3"}, `the API "v3" is none of auto, v1, v2`},
		{Options{Session: s, Regions: []string{east}, Accounts: []string{"12"}}, `"12" is no account id`},
		{Options{Session: s, Regions: []string{east}, Inventory: "cis"}, `"cis" is no standard: write it as standards/nist-800-53/v/5.0.0`},
		{Options{Session: s, Regions: []string{east}, Standard: "nist 800-53/v/5.0.0"}, "is no standard"},
		{Options{Session: s, Regions: []string{east}, RecordStates: []string{"OLD"}}, `the record state "OLD" is none of ACTIVE, ARCHIVED, all`},
		{Options{Session: s, Regions: []string{east}, ComplianceStatuses: []string{"all", "PASSED"}}, "all goes with no other compliance status"},
		{Options{Session: s, Regions: []string{east}, RecordStates: []string{"ACTIVE"}, Filters: filter("RecordState=ARCHIVED")}, "a filter and an option both say which RecordState to pull"},
		{Options{Session: s, Regions: []string{east}, Filters: nine}, "findings are filtered by 11 attributes, those of options and their defaults included; AWS takes 10"},
		{Options{Session: s, Regions: []string{east}, Filters: nine, RecordStates: []string{"all"}, ComplianceStatuses: []string{"ALL"}}, `{"CompanyName":`},
		{Options{Session: s, Regions: []string{east}, RecordStates: []string{"all"}, ComplianceStatuses: []string{"all"}}, "{}"},
		{Options{Session: s, Regions: []string{east}, RecordStates: []string{"archived", "ARCHIVED"}, ComplianceStatuses: []string{"all"}}, `{"RecordState":[{"Comparison":"EQUALS","Value":"ARCHIVED"}`},
		{Options{Session: s, Regions: []string{east}, Filters: filter("RecordState=ARCHIVED"), ComplianceStatuses: []string{"all"}}, `{"RecordState":[{"Comparison":"EQUALS","Value":"ARCHIVED"}]}`},
		{Options{Session: s, Regions: []string{east}, Standard: "arn:aws-us-gov:securityhub:us-gov-west-1::standards/nist-800-53/v/5.0.0", RecordStates: []string{"all"}, ComplianceStatuses: []string{"FAILED"}},
			`{"ComplianceAssociatedStandardsId":[{"Comparison":"EQUALS","Value":"standards/nist-800-53/v/5.0.0"}],"ComplianceStatus":[{"Comparison":"EQUALS","Value":"FAILED"}]}`},
	}
	for i, tt := range tests {
		hub, err := New(tt.o)
		switch {
		case !strings.HasPrefix(tt.want, "{"):
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%d: error %v, want %q", i, err, tt.want)
			}
		case err != nil:
			t.Errorf("%d: %v", i, err)
		case tt.want == "{}" && hub.v1 != nil || !strings.HasPrefix(string(hub.v1)+"{}", tt.want):
			t.Errorf("%d: filters %s, want %s", i, hub.v1, tt.want)
		}
		if err == nil && hub.v1 == nil && hub.v1Note != "findings of every kind" {
			t.Errorf("%d: the note is %q", i, hub.v1Note)
		}
	}

	a, err := New(Options{Session: s, Regions: []string{east, west, east}, Accounts: []string{own, own}, Filters: filter("SeverityLabel=HIGH")})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"api":"auto","accounts":["111122223333"],"regions":["us-east-1","us-west-2"],"filters":{"ComplianceStatus":[{"Comparison":"EQUALS","Value":"PASSED"},{"Comparison":"EQUALS","Value":"FAILED"},{"Comparison":"EQUALS","Value":"WARNING"},{"Comparison":"EQUALS","Value":"NOT_AVAILABLE"}],"RecordState":[{"Comparison":"EQUALS","Value":"ACTIVE"}],"SeverityLabel":[{"Comparison":"EQUALS","Value":"HIGH"}]},"inventory":"standards/nist-800-53/v/5.0.0"}`
	if got, err := a.Selection(); err != nil || string(got) != want {
		t.Errorf("selection %s, %v; want %s", got, err, want)
	}
	const note = "RecordState ACTIVE; ComplianceStatus PASSED, FAILED, WARNING, NOT_AVAILABLE; SeverityLabel HIGH; findings without a compliance status left out"
	if a.v1Note != note {
		t.Errorf("note %q, want %q", a.v1Note, note)
	}
}

// Every attribute of AWS can be filtered by, or the error shows how.
func TestEveryAttribute(t *testing.T) {
	v := reflect.TypeFor[types.AwsSecurityFindingFilters]()
	for i := range v.NumField() {
		field := v.Field(i)
		if !field.IsExported() {
			continue
		}
		value := "x"
		switch reflect.New(field.Type).Interface().(type) {
		case *[]types.NumberFilter:
			value = "1"
		case *[]types.BooleanFilter:
			value = "true"
		case *[]types.MapFilter:
			value = "k=v"
		case *[]types.DateFilter:
			if _, err := ParseFilter(field.Name + "=x"); err == nil {
				t.Errorf("%s takes x", field.Name)
			} else if _, example, _ := strings.Cut(err.Error(), "JSON: "); example != "" {
				for _, text := range strings.Split(example, " or ") {
					if _, err := ParseFilter(text); err != nil {
						t.Errorf("the example %s: %v", text, err)
					}
				}
			} else {
				t.Errorf("%s: %v has no example", field.Name, err)
			}
			continue
		}
		if allowed := enumerated[field.Name]; allowed != nil {
			value = allowed[0]
		}
		f, err := ParseFilter(field.Name + "=" + value)
		if err != nil {
			t.Error(err)
			continue
		}
		if text := describeV1(f.ASFF); !strings.HasPrefix(text, field.Name+" ") {
			t.Errorf("%s is described as %q", field.Name, text)
		}
	}
	for name := range enumerated {
		if _, ok := v.FieldByName(name); !ok {
			t.Errorf("there is no attribute %s", name)
		}
	}
}

// What is pinned in a task reads back as it was.
func FuzzParseFilter(f *testing.F) {
	for _, seed := range []string{"SeverityLabel=HIGH,LOW", "cloud.region=x", `{"Title":[{"Comparison":"EQUALS","Value":"x"}]}`,
		`{"CompositeFilters":[{"NestedCompositeFilters":[{"DateFilters":[{"FieldName":"x","Filter":{"Start":"1"}}]}]}]}`, "ResourceTags=a=b", "{"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := ParseFilter(text)
		if err != nil {
			if len(err.Error()) > 2000+len(text) {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		v1, v2 := wire(t, filter)
		for _, part := range []struct {
			text string
			into any
		}{{v1, &types.AwsSecurityFindingFilters{}}, {v2, &types.OcsfFindingFilters{}}} {
			if part.text == "" {
				continue
			}
			if err := json.Unmarshal([]byte(part.text), part.into, json.RejectUnknownMembers(true)); err != nil {
				t.Fatalf("%q is pinned as %s: %v", text, part.text, err)
			}
			again, err := pinned(part.into)
			if err != nil || string(again) != part.text {
				t.Errorf("%q is pinned as %s, and then as %s", text, part.text, again)
			}
		}
	})
}

func TestNearNames(t *testing.T) {
	if got := nearNames(strings.Repeat("x", 1000), filterNames()); got != nil {
		t.Errorf("near a long name: %q", got)
	}
	if d := distance("kitten", "sitting"); d != 3 {
		t.Errorf("distance %d, want 3", d)
	}
	for _, name := range filterNames() {
		if got := nearNames(name, filterNames()); !slices.Contains(got, name) {
			t.Errorf("near %s: %q", name, got)
		}
	}
}
