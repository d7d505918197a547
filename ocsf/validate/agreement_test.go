package validate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAgreement compares the messages about thousands of damaged events with
// those of an independent checker. It is not part of the project: set
// SHCA_OCSF_CHECK to a directory with its ocsf_validate.py and the tables that
// this reads. With SHCA_SAMPLES the events published by others, in ocsf there,
// are compared and damaged, too.
func TestAgreement(t *testing.T) {
	dir := os.Getenv("SHCA_OCSF_CHECK")
	python, err := exec.LookPath("python3")
	if dir == "" || err != nil {
		t.Skip("SHCA_OCSF_CHECK is not set, or there is no python3")
	}
	foreign := published(t)
	for _, version := range Versions() {
		t.Run(version, func(t *testing.T) {
			v, err := New(version)
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(1, uint64(len(foreign))))
			damage := damager{t: t, rand: r, table: v.table}
			var events [][]byte
			for _, ev := range foreign {
				events = append(events, text(t, ev))
				for range 30 {
					events = append(events, text(t, damage.event(ev)))
				}
			}
			for _, s := range samples {
				if s.version == version {
					for range 400 {
						events = append(events, text(t, damage.event(event(t, s.version, s.class))))
					}
				}
			}
			for _, class := range sortedKeys(v.table.Classes) {
				for range 30 {
					made := damage.object(v.table.Classes[class], 0, 3).(map[string]any)
					made["class_uid"] = json.Number(class)
					made["metadata"].(map[string]any)["profiles"] = damage.profiles(v.table.Classes[class])
					events = append(events, text(t, made), text(t, damage.event(made)))
				}
			}
			file := filepath.Join(t.TempDir(), "events.ndjson")
			if err := os.WriteFile(file, bytes.Join(events, []byte("\n")), 0o600); err != nil {
				t.Fatal(err)
			}
			var stderr bytes.Buffer
			cmd := exec.Command(python, filepath.Join(dir, "ocsf_validate.py"), filepath.Join(dir, "ocsf-"+version+".json"), file, "--json", "--max", "0")
			cmd.Stderr = &stderr
			out, err := cmd.Output() // exit code 1 says that there are errors
			var theirs struct {
				Findings []struct {
					Event                      int
					Level, Path, Code, Message string
				}
			}
			if jsonErr := json.Unmarshal(out, &theirs); jsonErr != nil {
				t.Fatal(err, jsonErr, &stderr)
			}
			want := make([]map[string]bool, len(events))
			for i := range want {
				want[i] = map[string]bool{}
			}
			codes := map[string]int{}
			for _, f := range theirs.Findings {
				if f.Path == "(event)" {
					f.Path = ""
				}
				want[f.Event][strings.Join([]string{f.Level, f.Path, f.Code}, " ")] = true
				codes[f.Code]++
			}
			differ := 0
			for i, ev := range events {
				got := map[string]bool{}
				for _, m := range v.Event(ev) {
					got[strings.Join([]string{string(m.Level), m.Path, m.Code}, " ")] = true
				}
				if diff := cmp.Diff(want[i], got); diff != "" {
					if differ++; differ <= 10 {
						t.Errorf("%.3000s (-checker +got):\n%s", ev, diff)
					}
				}
			}
			t.Logf("%d events, %d differ, %d messages: %v", len(events), differ, len(theirs.Findings), codes)
		})
	}
}

// published returns the events that others publish.
func published(t *testing.T) (all []map[string]any) {
	dir := os.Getenv("SHCA_SAMPLES")
	if dir == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(dir, "ocsf", "*json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v, no samples", dir, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		for dec.More() {
			var v any
			if err := dec.Decode(&v); err != nil {
				t.Fatal(f, err)
			}
			list, ok := v.([]any)
			if !ok {
				list = []any{v}
			}
			for _, e := range list {
				all = append(all, e.(map[string]any))
			}
		}
	}
	return all
}

// damager changes events at random.
type damager struct {
	t     *testing.T
	rand  *rand.Rand
	table *table
}

// event returns a copy of an event with a few changes.
func (d damager) event(ev map[string]any) map[string]any {
	var clone map[string]any
	dec := json.NewDecoder(bytes.NewReader(text(d.t, ev)))
	dec.UseNumber()
	if err := dec.Decode(&clone); err != nil {
		d.t.Fatal(err)
	}
	class := d.table.Classes[fmt.Sprint(clone["class_uid"])]
	for range 1 + d.rand.IntN(3) {
		d.change(clone, class)
	}
	return clone
}

// change changes one thing in an object, or further down.
func (d damager) change(o map[string]any, it *item) {
	names := sortedKeys(o)
	if len(names) > 0 && d.rand.IntN(4) > 0 {
		name := names[d.rand.IntN(len(names))]
		var below *item
		if it != nil && it.Attributes[name] != nil {
			below = it.Attributes[name].object
		}
		v := o[name]
		if list, ok := v.([]any); ok && len(list) > 0 {
			v = list[d.rand.IntN(len(list))]
		}
		if inner, ok := v.(map[string]any); ok && d.rand.IntN(5) > 0 {
			d.change(inner, below)
			return
		}
		switch d.rand.IntN(6) {
		case 0:
			delete(o, name)
		case 1:
			if it != nil && it.Attributes[name] != nil {
				o[name] = d.attribute(it.Attributes[name], 1)
			}
		default:
			o[name] = d.junk()
		}
		return
	}
	if it == nil || len(it.Attributes) == 0 || d.rand.IntN(5) == 0 {
		o["zz"] = d.junk()
		return
	}
	names = sortedKeys(it.Attributes)
	name := names[d.rand.IntN(len(names))]
	o[name] = d.attribute(it.Attributes[name], 2)
}

var junk = []string{
	`null`, `""`, `[]`, `{}`, `0`, `7`, `-1`, `99`, `1.5`, `1e3`, `true`, `"x"`, `"99"`, `["x"]`, `[null]`, `[{}]`, `[99,1]`, `"Other"`, `"Unknown"`,
	`1769860800`, `1769860800000`, `1769860800000000`, `3000000000`, `"2026-01-31T12:00:00Z"`, `"2026-01-31T12:00:00.5"`,
	`"2026-02-30T12:00:00Z"`, `"192.0.2.1"`, `"1.2.3"`, `"cloud.region"`, `"resources[0].type"`, `"metadata"`, `2003`, `2004`, `"1.1.0"`, `"1.6.0"`,
	`"cloud"`, `["cloud","datetime","incident"]`,
}

func (d damager) junk() any { return raw(junk[d.rand.IntN(len(junk))]) }

func (d damager) profiles(class *item) []any {
	var all []any
	for _, p := range class.Profiles {
		if d.rand.IntN(2) == 0 {
			all = append(all, p)
		}
	}
	return all
}

// object makes an object with some of its attributes.
func (d damager) object(it *item, level, most int) any {
	o := map[string]any{}
	if len(it.Attributes) == 0 {
		return map[string]any{"a": d.junk()}
	}
	names := sortedKeys(it.Attributes)
	for _, name := range names {
		a := it.Attributes[name]
		if a.Required && level < most || d.rand.IntN(1+3*level+len(names)/8) == 0 && level < most {
			o[name] = d.attribute(a, most-level-1)
		}
	}
	if it.class {
		for _, name := range []string{"metadata", "finding_info"} {
			if a := it.Attributes[name]; a != nil {
				o[name] = d.value(a, 3)
			}
		}
		observable := it.Attributes["observables"]
		o["observables"] = []any{d.value(observable, 2), d.value(observable, 2), d.value(observable, 2)}
	}
	return o
}

// attribute makes a value, which is mostly right.
func (d damager) attribute(a *attribute, most int) any {
	if d.rand.IntN(12) == 0 {
		return d.junk()
	}
	if !a.Array {
		return d.value(a, most)
	}
	list := []any{}
	for range 1 + d.rand.IntN(2) {
		list = append(list, d.value(a, most))
	}
	return list
}

func (d damager) value(a *attribute, most int) any {
	if a.object != nil {
		return d.object(a.object, 0, most)
	}
	if a.values != nil && d.rand.IntN(8) > 0 {
		names := sortedKeys(a.values)
		v := names[d.rand.IntN(len(names))]
		if a.dataType.Base == "string" {
			return v
		}
		return json.Number(v)
	}
	if a.captionOf != nil && d.rand.IntN(3) > 0 {
		of := a.captionOf.values
		names := sortedKeys(of)
		return of[names[d.rand.IntN(len(names))]]
	}
	pick := func(s ...string) any { return raw(s[d.rand.IntN(len(s))]) }
	switch a.dataType.Base {
	case "boolean":
		return d.rand.IntN(2) == 0
	case "float":
		return pick("1.5", "7.0", "-1e-3", "7")
	case "integer", "long":
		return pick("1", "443", "1769860800000", "65536", "0")
	case "json":
		return d.junk()
	}
	switch a.dataType.name {
	case "datetime_t":
		return pick(`"2026-01-31T12:00:00Z"`, `"2026-01-31T12:00:00.123+01:00"`, `"2026-01-31 12:00:00Z"`, `"2026-01-31t12:00:00z"`, `"2026-01-31T12:00:00"`, `"2026-13-31T12:00:00Z"`)
	case "ip_t":
		return pick(`"192.0.2.1"`, `"2001:db8::1"`, `"::ffff:1.2.3.4"`, `"010.0.0.1"`, `"fe80::1%eth0"`, `"1.2.3"`, `""`)
	case "mac_t", "uuid_t", "email_t", "hostname_t", "file_hash_t", "bytestring_t":
		return pick(`"00:00:5E:00:53:01"`, `"d0000000-0000-4000-8000-000000000000"`, `"a@example.com"`, `"example.com"`, `"d41d8cd98f00b204e9800998ecf8427e"`, `"YQ=="`, `"-"`)
	}
	if strings.HasSuffix(a.name, "name") && d.rand.IntN(2) == 0 { // of observables
		class := d.table.Classes["2004"]
		names := slices.DeleteFunc(sortedKeys(class.Attributes), func(string) bool { return d.rand.IntN(3) == 0 })
		name := names[d.rand.IntN(len(names))]
		b := class.Attributes[name]
		if b.Array && d.rand.IntN(2) == 0 {
			name += []string{"[]", "[*]", "[0]", "[5]", "[x]", "[-1]"}[d.rand.IntN(6)]
		}
		if b.object != nil && len(b.object.Attributes) > 0 && d.rand.IntN(3) > 0 {
			inner := sortedKeys(b.object.Attributes)
			name += "." + inner[d.rand.IntN(len(inner))]
		}
		return name
	}
	return pick(`"example"`, `"1"`, `""`, `"cloud.region"`, `"eu-west-1"`)
}
