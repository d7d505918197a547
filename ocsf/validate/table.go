package validate

import (
	"embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
)

//go:embed tables/*.json
var tableFiles embed.FS

// Versions returns the versions of OCSF that there are tables of, oldest first.
func Versions() []string { return []string{"1.1.0", "1.6.0"} }

// tables holds a function per version, which reads its table once. A table does
// not change, so it can be used concurrently.
var tables = func() map[string]func() (*table, error) {
	m := map[string]func() (*table, error){}
	for _, v := range Versions() {
		m[v] = sync.OnceValues(func() (*table, error) { return readTable(v) })
	}
	return m
}()

// table is what a version of OCSF says about its findings. The JSON names are
// those that the generator writes.
type table struct {
	Version  string                       `json:"ocsf"`
	Licence  string                       `json:"license"`
	Source   string                       `json:"source"`
	Profiles []string                     `json:"profiles"`
	Types    map[string]*dataType         `json:"types"`
	Enums    map[string]map[string]string `json:"enums"`
	Classes  map[string]*item             `json:"classes"` // by class_uid
	Objects  map[string]*item             `json:"objects"`
}

type dataType struct {
	name       string
	Base       string   `json:"base"`
	Regex      string   `json:"regex"`
	MaxLen     int      `json:"max_len"`
	Range      [2]int64 `json:"range"`
	Observable int64    `json:"observable"`
	regex      *regexp.Regexp
}

// An item is a class or an object.
type item struct {
	Name        string                `json:"name"`
	Profiles    []string              `json:"profiles"` // that bring something to a class
	Attributes  map[string]*attribute `json:"attributes"`
	Constraints struct {
		AtLeastOne []string `json:"at_least_one"`
		JustOne    []string `json:"just_one"`
	} `json:"constraints"`
	Deprecated []string `json:"deprecated"` // the version, and what to do
	Observable int64    `json:"observable"`

	class      bool
	required   []*attribute
	dateTimes  []*attribute // that repeat another attribute
	none       []int32      // a zero for each attribute
	atLeastOne []*attribute
	justOne    []*attribute
}

type attribute struct {
	Type             string            `json:"type"`
	Object           string            `json:"object"`
	Array            bool              `json:"array"`
	Required         bool              `json:"required"`
	Enum             string            `json:"enum"`
	Caption          string            `json:"caption"`
	DeprecatedValues map[string]string `json:"deprecated_values"`
	Profiles         []string          `json:"profiles"`
	Deprecated       []string          `json:"deprecated"`
	Observable       int64             `json:"observable"`

	name      string
	index     int // among the attributes of its item
	profiles  profiles
	dataType  *dataType // nil for an object
	object    *item
	values    map[string]string // of the enumeration, by value
	caption   *attribute        // that holds the caption of the value
	captionOf *attribute        // whose value this is the caption of
	base      *attribute        // that this one repeats as a date
}

// profiles is a set of profiles, as bits by their order in the table.
type profiles uint64

// in reports whether the attribute belongs to events with these profiles.
func (a *attribute) in(p profiles) bool { return a.profiles == 0 || a.profiles&p != 0 }

// expected names the type for a message.
func (a *attribute) expected() string {
	if a.object != nil {
		return "object " + a.object.Name
	}
	return a.dataType.name
}

func readTable(version string) (*table, error) {
	name := "tables/ocsf-" + version + ".json"
	text, err := tableFiles.ReadFile(name)
	if err != nil {
		return nil, err
	}
	t, err := parseTable(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

func parseTable(text []byte) (*table, error) {
	t := &table{}
	if err := json.Unmarshal(text, t, json.RejectUnknownMembers(true)); err != nil {
		return nil, err
	}
	if len(t.Profiles) > 64 {
		return nil, fmt.Errorf("has %d profiles, at most 64 are expected", len(t.Profiles))
	}
	for name, d := range t.Types {
		d.name = name
		if d.Regex == "" {
			continue
		}
		var err error
		if d.regex, err = regexp.Compile(d.Regex); err != nil {
			return nil, fmt.Errorf("type %s: %w", name, err)
		}
	}
	for uid, c := range t.Classes {
		c.class = true
		if err := t.link(c); err != nil {
			return nil, fmt.Errorf("class %s: %w", uid, err)
		}
	}
	for name, o := range t.Objects {
		o.Name = name
		if err := t.link(o); err != nil {
			return nil, fmt.Errorf("object %s: %w", name, err)
		}
	}
	return t, nil
}

// link replaces the names in an item by what they name.
func (t *table) link(it *item) error {
	if len(it.Deprecated) != 0 && len(it.Deprecated) != 2 {
		return fmt.Errorf("deprecation %q", it.Deprecated)
	}
	it.none = make([]int32, len(it.Attributes))
	for i, name := range sortedKeys(it.Attributes) {
		a := it.Attributes[name]
		a.name, a.index = name, i
		if len(a.Deprecated) != 0 && len(a.Deprecated) != 2 {
			return fmt.Errorf("attribute %s: deprecation %q", name, a.Deprecated)
		}
		for _, p := range a.Profiles {
			at := slices.Index(t.Profiles, p)
			if at < 0 {
				return fmt.Errorf("attribute %s: profile %q", name, p)
			}
			a.profiles |= 1 << at
		}
		if a.Object != "" {
			if a.object = t.Objects[a.Object]; a.object == nil {
				return fmt.Errorf("attribute %s: object %q", name, a.Object)
			}
		} else {
			if a.Type == "" {
				a.Type = "string_t"
			}
			if a.dataType = t.Types[a.Type]; a.dataType == nil {
				return fmt.Errorf("attribute %s: type %q", name, a.Type)
			}
		}
		if a.Enum != "" {
			if a.values = t.Enums[a.Enum]; a.values == nil {
				return fmt.Errorf("attribute %s: enumeration %q", name, a.Enum)
			}
		}
		if a.Caption != "" {
			if a.caption = it.Attributes[a.Caption]; a.caption == nil {
				return fmt.Errorf("attribute %s: caption %q", name, a.Caption)
			}
			if a.caption.captionOf != nil {
				return fmt.Errorf("%s is the caption of %s and of %s", a.Caption, a.caption.captionOf.name, name)
			}
			a.caption.captionOf = a
		}
		if a.Required {
			it.required = append(it.required, a)
		}
		if base, ok := strings.CutSuffix(name, "_dt"); ok && a.Type == "datetime_t" && it.Attributes[base] != nil {
			a.base = it.Attributes[base]
			it.dateTimes = append(it.dateTimes, a)
		}
	}
	for _, c := range []struct {
		names []string
		to    *[]*attribute
	}{{it.Constraints.AtLeastOne, &it.atLeastOne}, {it.Constraints.JustOne, &it.justOne}} {
		for _, name := range c.names {
			// The table lacks attributes of extensions, which constraints may name.
			if a := it.Attributes[name]; a != nil {
				*c.to = append(*c.to, a)
			}
		}
	}
	return nil
}

// known lists the values of an enumeration for a message, the first of them.
func known(values map[string]string) string {
	const most = 12
	names := sortedKeys(values)
	slices.SortStableFunc(names, func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return x - y
	})
	more := ""
	if len(names) > most {
		names, more = names[:most], ", …"
	}
	for i, n := range names {
		if values[n] != n {
			names[i] = n + " " + values[n]
		}
	}
	return strings.Join(names, ", ") + more
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

// versionFor returns the version whose table an event of another version is
// checked against: the oldest that is not before it, since later versions have
// what the earlier ones have, or else the newest.
func versionFor(version string) string {
	all := Versions()
	if major, minor, ok := numbers(version); ok {
		for _, v := range all {
			x, y, _ := numbers(v)
			if major < x || major == x && minor <= y {
				return v
			}
		}
	}
	return all[len(all)-1]
}

// numbers returns the first two numbers of a version.
func numbers(version string) (major, minor int, ok bool) {
	first, rest, _ := strings.Cut(version, ".")
	second, _, _ := strings.Cut(rest, ".")
	major, err1 := strconv.Atoi(first)
	minor, err2 := strconv.Atoi(second)
	return major, minor, err1 == nil && err2 == nil
}
