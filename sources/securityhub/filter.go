package securityhub

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Filter narrows what Security Hub is asked for. Of its members, the one for the
// API in use is sent.
type Filter struct {
	ASFF *types.AwsSecurityFindingFilters // of GetFindings
	OCSF *types.OcsfFindingFilters        // of GetFindingsV2

	pair bool // OCSF has one field, any of whose values will do
}

// What AWS takes in one request (Security Hub API reference, GetFindings and
// GetFindingsV2, "Filters").
const (
	maxAttributes = 10
	maxValues     = 20
)

// ParseFilter reads a filter as it is written on a command line:
//
//   - NAME=VALUE, where NAME is an attribute of AwsSecurityFindingFilters
//     (SeverityLabel) or a string field of GetFindingsV2 (cloud.region). Any of
//     several values separated by commas will do. Values are compared whole and
//     with their case. A map has NAME=KEY=VALUE (ResourceTags=System=payroll),
//     a number, an address range (CIDR) or true and false are written as such.
//   - a JSON object as the AWS CLI takes it for --filters: of the type
//     AwsSecurityFindingFilters, or OcsfFindingFilters, which has the member
//     CompositeFilters. Dates, comparisons other than EQUALS, and values with a
//     comma need this form.
func ParseFilter(text string) (Filter, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "{") {
		return parseJSON(text)
	}
	name, value, ok := strings.Cut(text, "=")
	name = strings.TrimSpace(name)
	if !ok || name == "" {
		return Filter{}, fmt.Errorf("the filter %.80q is neither NAME=VALUE nor a JSON object", text)
	}
	values := strings.Split(value, ",")
	for _, v := range values {
		if v == "" || strings.TrimSpace(v) != v {
			return Filter{}, fmt.Errorf("the filter %.80q has a value that is empty or has a blank at its end: commas separate values; write one that has a comma as JSON", text)
		}
	}
	if slices.Contains(types.OcsfStringField("").Values(), types.OcsfStringField(name)) {
		f := Filter{OCSF: andV2(&types.OcsfFindingFilters{}, anyOf(types.OcsfStringField(name), values)), pair: true}
		return f, checkV2(f.OCSF)
	}
	filters := &types.AwsSecurityFindingFilters{}
	attribute := reflect.ValueOf(filters).Elem().FieldByName(name)
	if !attribute.IsValid() || attribute.Kind() != reflect.Slice {
		return Filter{}, unknownName(name)
	}
	for _, v := range values {
		if err := appendValue(attribute.Addr().Interface(), name, v); err != nil {
			return Filter{}, err
		}
	}
	return Filter{ASFF: filters}, checkV1(filters)
}

// appendValue adds a condition to an attribute's list.
func appendValue(list any, name, value string) error {
	switch list := list.(type) {
	case *[]types.StringFilter:
		*list = append(*list, equalTo([]string{value})...)
	case *[]types.MapFilter:
		key, v, ok := strings.Cut(value, "=")
		if !ok || key == "" {
			return fmt.Errorf("the filter %s has a key and a value: write it as %s=KEY=VALUE", name, name)
		}
		*list = append(*list, types.MapFilter{Comparison: types.MapFilterComparisonEquals, Key: &key, Value: &v})
	case *[]types.NumberFilter:
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || n-n != 0 {
			return fmt.Errorf("the filter %s takes a number, which %.40q is not; a range is written as JSON: {%q:[{\"Gte\":1,\"Lte\":5}]}", name, value, name)
		}
		*list = append(*list, types.NumberFilter{Eq: &n})
	case *[]types.IpFilter:
		*list = append(*list, types.IpFilter{Cidr: &value})
	case *[]types.KeywordFilter:
		*list = append(*list, types.KeywordFilter{Value: &value})
	case *[]types.BooleanFilter:
		b, err := strconv.ParseBool(value)
		if err != nil {
			return fmt.Errorf("the filter %s is true or false, not %.40q", name, value)
		}
		*list = append(*list, types.BooleanFilter{Value: &b})
	default: // dates
		return fmt.Errorf("the filter %s is about a time and is written as JSON: {%q:[{\"DateRange\":{\"Unit\":\"DAYS\",\"Value\":30}}]} or {%q:[{\"Start\":\"2026-01-01T00:00:00Z\",\"End\":\"2026-02-01T00:00:00Z\"}]}", name, name, name)
	}
	return nil
}

// parseJSON reads a filter as AWS has it.
func parseJSON(text string) (Filter, error) {
	var members map[string]jsontext.Value
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		return Filter{}, fmt.Errorf("the filter is not JSON: %w", err)
	}
	var f Filter
	var into any = &f.ASFF
	if members["CompositeFilters"] != nil || members["CompositeOperator"] != nil {
		into = &f.OCSF
	}
	if err := json.Unmarshal([]byte(text), into, json.RejectUnknownMembers(true)); err != nil {
		var wrong *json.SemanticError
		if errors.As(err, &wrong) && errors.Is(err, json.ErrUnknownName) && f.OCSF == nil && wrong.JSONPointer.Parent() == "" {
			return Filter{}, unknownName(wrong.JSONPointer.LastToken())
		}
		return Filter{}, fmt.Errorf("the filter is not what AWS takes: %w", err)
	}
	if f.OCSF != nil {
		return f, checkV2(f.OCSF)
	}
	return f, checkV1(f.ASFF)
}

func unknownName(name string) error {
	text := fmt.Sprintf("there is no filter %.60q", name)
	if near := nearNames(name, filterNames()); len(near) > 0 {
		text += ": did you mean " + strings.Join(near, ", ") + "?"
	} else {
		text += ": see AwsSecurityFindingFilters in the Security Hub API reference for the names"
	}
	return errors.New(text)
}

// filterNames lists the names that ParseFilter takes.
func filterNames() []string {
	var names []string
	t := reflect.TypeFor[types.AwsSecurityFindingFilters]()
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() {
			names = append(names, f.Name)
		}
	}
	return append(names, texts(types.OcsfStringField("").Values())...)
}

// nearNames returns at most 5 of the names that the name may have been meant to
// be, the likeliest first.
func nearNames(name string, names []string) []string {
	name = strings.ToLower(name[:min(len(name), 80)])
	type near struct {
		name     string
		distance int
	}
	var all []near
	for _, n := range names {
		lower := strings.ToLower(n)
		d := distance(name, lower)
		part := len(name) >= 4 && (strings.Contains(lower, name) || strings.Contains(name, lower))
		if part {
			d = min(d, 3)
		}
		if part || d <= max(2, len(name)/4) {
			all = append(all, near{n, d})
		}
	}
	slices.SortStableFunc(all, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(len(a.name), len(b.name)))
	})
	var list []string
	for _, n := range all[:min(len(all), 5)] {
		list = append(list, n.name)
	}
	return list
}

// distance is the number of bytes to insert, delete or replace to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// and returns the filter that lets pass what both do, but for values of one
// attribute, any of which will do, as AWS has it. Neither filter is changed.
func (f Filter) and(g Filter) Filter {
	sum := Filter{ASFF: f.ASFF, OCSF: f.OCSF, pair: f.pair}
	switch {
	case f.ASFF == nil:
		sum.ASFF = g.ASFF
	case g.ASFF != nil:
		sum.ASFF = &types.AwsSecurityFindingFilters{}
		to, a, b := reflect.ValueOf(sum.ASFF).Elem(), reflect.ValueOf(f.ASFF).Elem(), reflect.ValueOf(g.ASFF).Elem()
		for i := range to.NumField() {
			if field := to.Field(i); field.CanSet() {
				field.Set(reflect.AppendSlice(reflect.AppendSlice(field, a.Field(i)), b.Field(i)))
			}
		}
	}
	if sum.ASFF != nil {
		own := *sum.ASFF // New adds to it
		sum.ASFF = &own
	}
	switch {
	case f.OCSF == nil:
		sum.OCSF, sum.pair = g.OCSF, g.pair
	case g.OCSF == nil:
	case f.pair && g.pair || f.allPairs() && g.pair:
		sum.OCSF, sum.pair = mergePair(f.OCSF, g.OCSF.CompositeFilters[0]), false
	default:
		sum.OCSF, sum.pair = andV2(f.OCSF, composites(g.OCSF)...), false
	}
	return sum
}

// allPairs reports whether every composite filter has the form of a pair.
func (f Filter) allPairs() bool {
	return f.OCSF.CompositeOperator != types.AllowedOperatorsOr && !slices.ContainsFunc(f.OCSF.CompositeFilters, func(c types.CompositeFilter) bool {
		_, ok := pairField(c)
		return !ok
	})
}

// pairField returns the field of a composite filter that is met by any of some
// values of one field.
func pairField(c types.CompositeFilter) (types.OcsfStringField, bool) {
	if c.Operator != types.AllowedOperatorsOr || len(c.StringFilters) == 0 ||
		len(c.BooleanFilters)+len(c.DateFilters)+len(c.IpFilters)+len(c.MapFilters)+len(c.NestedCompositeFilters)+len(c.NumberFilters) > 0 {
		return "", false
	}
	field := c.StringFilters[0].FieldName
	for _, s := range c.StringFilters {
		if s.FieldName != field || s.Filter == nil || s.Filter.Comparison != types.StringFilterComparisonEquals {
			return "", false
		}
	}
	return field, true
}

// mergePair adds a pair to filters that are all pairs.
func mergePair(f *types.OcsfFindingFilters, pair types.CompositeFilter) *types.OcsfFindingFilters {
	sum := &types.OcsfFindingFilters{CompositeOperator: types.AllowedOperatorsAnd, CompositeFilters: slices.Clone(f.CompositeFilters)}
	wanted, _ := pairField(pair)
	for i, c := range sum.CompositeFilters {
		if field, _ := pairField(c); field == wanted {
			sum.CompositeFilters[i].StringFilters = slices.Concat(c.StringFilters, pair.StringFilters)
			return sum
		}
	}
	sum.CompositeFilters = append(sum.CompositeFilters, pair)
	return sum
}

// composites returns filters that together, with AND between them, are f.
func composites(f *types.OcsfFindingFilters) []types.CompositeFilter {
	if f.CompositeOperator == types.AllowedOperatorsOr && len(f.CompositeFilters) > 1 {
		return []types.CompositeFilter{{NestedCompositeFilters: f.CompositeFilters, Operator: types.AllowedOperatorsOr}}
	}
	return f.CompositeFilters
}

func andV2(f *types.OcsfFindingFilters, more ...types.CompositeFilter) *types.OcsfFindingFilters {
	return &types.OcsfFindingFilters{
		CompositeOperator: types.AllowedOperatorsAnd,
		CompositeFilters:  slices.Concat(composites(f), more),
	}
}

func anyOf(field types.OcsfStringField, values []string) types.CompositeFilter {
	c := types.CompositeFilter{Operator: types.AllowedOperatorsOr}
	for _, s := range equalTo(values) {
		c.StringFilters = append(c.StringFilters, types.OcsfStringFilter{FieldName: field, Filter: &s})
	}
	return c
}

func equalTo(values []string) []types.StringFilter {
	var list []types.StringFilter
	for _, v := range values {
		list = append(list, types.StringFilter{Comparison: types.StringFilterComparisonEquals, Value: &v})
	}
	return list
}

// enumerated are the attributes with few possible values. AWS takes any other and
// finds nothing.
var enumerated = map[string][]string{
	"ComplianceStatus":                   texts(types.ComplianceStatus("").Values()),
	"FindingProviderFieldsSeverityLabel": texts(types.SeverityLabel("").Values()),
	"RecordState":                        texts(types.RecordState("").Values()),
	"SeverityLabel":                      texts(types.SeverityLabel("").Values()),
	"VerificationState":                  texts(types.VerificationState("").Values()),
	"WorkflowStatus":                     texts(types.WorkflowStatus("").Values()),
}

// checkV1 reports what AWS would not take, or would take and find nothing.
func checkV1(f *types.AwsSecurityFindingFilters) error {
	attributes := 0
	v := reflect.ValueOf(f).Elem()
	for i := range v.NumField() {
		field, name := v.Field(i), v.Type().Field(i).Name
		if field.Kind() != reflect.Slice || field.Len() == 0 {
			continue
		}
		attributes++
		if n := field.Len(); n > maxValues {
			return fmt.Errorf("the filter %s has %d values; AWS takes %d", name, n, maxValues)
		}
		switch list := field.Interface().(type) {
		case []types.StringFilter:
			for _, s := range list {
				if err := checkString(name, &s); err != nil {
					return err
				}
			}
		case []types.MapFilter:
			for _, m := range list {
				if m.Key == nil || m.Value == nil || !slices.Contains(types.MapFilterComparison("").Values(), m.Comparison) {
					return fmt.Errorf("the filter %s needs Key, Value and Comparison, which is EQUALS, for one", name)
				}
			}
		}
	}
	if attributes > maxAttributes {
		return fmt.Errorf("findings are filtered by %d attributes, those of options and their defaults included; AWS takes %d", attributes, maxAttributes)
	}
	return nil
}

func checkString(name string, s *types.StringFilter) error {
	if s.Value == nil || !slices.Contains(types.StringFilterComparison("").Values(), s.Comparison) {
		return fmt.Errorf("the filter %s needs Value and Comparison, which is EQUALS, for one", name)
	}
	allowed := enumerated[name]
	if s.Comparison == types.StringFilterComparisonEquals && allowed != nil && !slices.Contains(allowed, *s.Value) {
		return fmt.Errorf("the filter %s has the value %.40q, which is none of %s", name, *s.Value, strings.Join(allowed, ", "))
	}
	return nil
}

// checkV2 is checkV1 for filters of GetFindingsV2.
func checkV2(f *types.OcsfFindingFilters) error {
	if n := len(f.CompositeFilters); n > maxAttributes {
		return fmt.Errorf("there are %d composite filters, those of options included; AWS takes %d", n, maxAttributes)
	}
	for i := range f.CompositeFilters {
		if err := checkComposite(&f.CompositeFilters[i], 1); err != nil {
			return err
		}
	}
	return nil
}

func checkComposite(c *types.CompositeFilter, depth int) error {
	if depth > 3 {
		return errors.New("composite filters are nested too deep for AWS")
	}
	for _, n := range []int{len(c.BooleanFilters), len(c.DateFilters), len(c.IpFilters), len(c.MapFilters), len(c.NumberFilters), len(c.StringFilters)} {
		if n > maxValues {
			return fmt.Errorf("a composite filter has %d filters of a kind; AWS takes %d", n, maxValues)
		}
	}
	for _, s := range c.StringFilters {
		if !slices.Contains(types.OcsfStringField("").Values(), s.FieldName) {
			return unknownName(string(s.FieldName))
		}
		if s.Filter == nil {
			return fmt.Errorf("the filter %s has no Filter", s.FieldName)
		}
		if err := checkString(string(s.FieldName), s.Filter); err != nil {
			return err
		}
	}
	for i := range c.NestedCompositeFilters {
		if err := checkComposite(&c.NestedCompositeFilters[i], depth+1); err != nil {
			return err
		}
	}
	return nil
}

// describeV1 says in words which findings the filters let pass: "RecordState
// ACTIVE; ComplianceStatus PASSED, FAILED".
func describeV1(f *types.AwsSecurityFindingFilters) string {
	var parts []string
	v := reflect.ValueOf(f).Elem()
	for i := range v.NumField() {
		field, name := v.Field(i), v.Type().Field(i).Name
		if field.Kind() != reflect.Slice || field.Len() == 0 {
			continue
		}
		var conditions []string
		switch list := field.Interface().(type) {
		case []types.StringFilter:
			for _, s := range list {
				conditions = append(conditions, condition(string(s.Comparison), aws.ToString(s.Value)))
			}
		case []types.MapFilter:
			for _, m := range list {
				conditions = append(conditions, condition(string(m.Comparison), aws.ToString(m.Key)+"="+aws.ToString(m.Value)))
			}
		default:
			for j := range field.Len() {
				b, err := json.Marshal(field.Index(j).Interface(), json.OmitZeroStructFields(true), json.Deterministic(true))
				if err != nil {
					b = []byte("with a condition")
				}
				conditions = append(conditions, short(string(b)))
			}
		}
		parts = append(parts, name+" "+strings.Join(conditions, ", "))
	}
	slices.SortStableFunc(parts, func(a, b string) int { return cmp.Compare(usualOrder(a), usualOrder(b)) })
	switch {
	case len(parts) == 0:
		return "findings of every kind"
	case len(f.ComplianceStatus) > 0:
		parts = append(parts, "findings without a compliance status left out")
	}
	return strings.Join(parts, "; ")
}

// usualOrder puts what is always filtered first.
func usualOrder(part string) int {
	for i, name := range []string{"RecordState ", "ComplianceStatus ", "ComplianceAssociatedStandardsId "} {
		if strings.HasPrefix(part, name) {
			return i
		}
	}
	return 3
}

func condition(comparison, value string) string {
	if comparison == string(types.StringFilterComparisonEquals) {
		return short(value)
	}
	return comparison + " " + short(value)
}

// short keeps a filter's value from filling a report.
func short(text string) string {
	const longest = 80
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	return text
}

// describeV2 is describeV1 for filters of GetFindingsV2.
func describeV2(f *types.OcsfFindingFilters) string {
	var parts []string
	for _, c := range f.CompositeFilters {
		field, ok := pairField(c)
		if !ok {
			return "a filter that the snapshot's header has"
		}
		var values []string
		for _, s := range c.StringFilters {
			values = append(values, short(aws.ToString(s.Filter.Value)))
		}
		parts = append(parts, string(field)+" "+strings.Join(values, ", "))
	}
	if len(parts) == 0 {
		return "findings of every kind"
	}
	return strings.Join(parts, "; ")
}
