package validate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// checking checks one event after the other. It is for one goroutine; what it
// took for one event serves the next.
type checking struct {
	tree
	table    *table
	profiles profiles
	foreign  bool              // the event is of another version than the table
	slots    []int32           // of the objects that are being checked: the member for each attribute
	named    map[string]*named // what observables name
	work     int               // that was done for them

	number   int64 // of the event
	limit    int   // how many messages of each level are kept, if not negative
	messages []Message
	kept     [2]int
	errors   int // all of them, and
	warnings int
}

func newChecking(limit int) *checking {
	c := &checking{limit: limit}
	c.duplicate = func(name []byte) {
		c.add(Error, c.at(string(name)), codeDuplicate, "the key is there twice in its object: readers of JSON differ in which one they take")
	}
	return c
}

func (c *checking) reset() {
	c.messages, c.kept, c.errors, c.warnings, c.number = nil, [2]int{}, 0, 0, 0
}

// add counts a message, and keeps it unless there are too many of its level.
func (c *checking) add(level Level, path, code, format string, args ...any) {
	if c.foreign && versionDependent[code] {
		level = Warning
	}
	count, kept := &c.errors, &c.kept[0]
	if level == Warning {
		count, kept = &c.warnings, &c.kept[1]
	}
	if *count++; c.limit >= 0 && *kept >= c.limit {
		return
	}
	*kept++
	c.messages = append(c.messages, Message{Level: level, Event: c.number, Path: path, Code: code, Text: fmt.Sprintf(format, args...)})
}

// fail and warn speak of the value that the path leads to.
func (c *checking) fail(code, format string, args ...any) {
	c.add(Error, c.at(""), code, format, args...)
}

func (c *checking) warn(code, format string, args ...any) {
	c.add(Warning, c.at(""), code, format, args...)
}

// event checks an event against the table, or against that of its version if
// there is none.
func (c *checking) event(raw []byte, t *table) error {
	c.foreign, c.slots = false, c.slots[:0]
	if err := c.parse(raw); err != nil {
		c.path = c.path[:0]
		c.fail(codeJSON, "%v", err)
		return nil
	}
	root := &c.nodes[0]
	if root.kind != '{' {
		c.fail(codeNotObject, "an event is an object, got %s", root.typeName())
		return nil
	}
	metadata := c.member(root, "metadata")
	version := c.member(metadata, "version")
	if c.table = t; t == nil {
		nearest := Versions()[len(Versions())-1]
		if version.kind == '"' {
			nearest = versionFor(string(version.text))
		}
		var err error
		if c.table, err = tables[nearest](); err != nil {
			return err
		}
	}
	foreign := version.kind == '"' && string(version.text) != c.table.Version
	c.foreign = foreign && t == nil
	class := c.member(root, "class_uid")
	switch {
	case class.null():
		c.add(Error, "class_uid", codeNoClass, "is required: it says what the event is")
		return nil
	case !class.integer():
		c.add(Error, "class_uid", codeType, "is %s, want integer_t", class.typeName())
		return nil
	}
	it := c.table.Classes[string(class.text)]
	if it == nil {
		c.add(Error, "class_uid", codeUnknownClass, "%s is none of the classes that are checked: OCSF %s has the findings %s",
			quote(class.text), c.table.Version, strings.Join(sortedKeys(c.table.Classes), ", "))
		return nil
	}
	switch {
	case c.foreign:
		c.add(Warning, "metadata.version", codeVersion, "there is no table of OCSF %s: checked against %s, and what may be due to the difference is a warning",
			quote(version.text), c.table.Version)
	case foreign:
		c.add(Error, "metadata.version", codeVersion, "is %s, checked against OCSF %s", quote(version.text), c.table.Version)
	}
	c.listed(c.member(metadata, "profiles"), it)
	c.object(it, 0)
	c.typeUID(root, class)
	c.observables(root, it)
	c.timeOrder(c.member(root, "finding_info"))
	return nil
}

// listed checks the profiles that an event lists, and takes note of them.
func (c *checking) listed(list *node, class *item) {
	c.profiles = 0
	if list.kind != '[' {
		return
	}
	const path = "metadata.profiles"
	seen := map[string]bool{}
	i := 0
	for m := list.first; m != 0; m = c.nodes[m].next {
		n := &c.nodes[m]
		if n.kind != '"' {
			c.add(Error, path, codeProfileUnknown, "a profile is a string, got %s", n.typeName())
			i++
			continue
		}
		name, where := string(n.text), path+"["+strconv.Itoa(i)+"]"
		if seen[name] {
			c.add(Error, path, codeProfileUnknown, "%s is listed twice", quote(n.text))
		}
		seen[name] = true
		if at := slices.Index(c.table.Profiles, name); at < 0 {
			c.add(Error, where, codeProfileUnknown, "OCSF %s has no profile %s: these are %s",
				c.table.Version, quote(n.text), strings.Join(c.table.Profiles, ", "))
		} else {
			c.profiles |= 1 << at
			if !slices.Contains(class.Profiles, name) {
				c.add(Error, where, codeProfileUseless, "the profile %s brings nothing to %s", quote(n.text), class.Name)
			}
		}
		i++
	}
}

// object checks an object, which the path leads to, as a class or object.
func (c *checking) object(it *item, id int32) {
	if len(it.Attributes) == 0 { // anything goes
		return
	}
	if len(it.Deprecated) > 0 {
		code := codeDeprecatedObject
		if it.class {
			code = codeDeprecatedClass
		}
		c.warn(code, "%s is deprecated since %s: %s", it.Name, it.Deprecated[0], it.Deprecated[1])
	}

	// Which member is which attribute.
	base := len(c.slots)
	c.slots = append(c.slots, it.none...)
	for m := c.nodes[id].first; m != 0; m = c.nodes[m].next {
		n := &c.nodes[m]
		if n.attribute = it.Attributes[string(n.name)]; n.attribute != nil {
			c.slots[base+n.attribute.index] = m
		}
	}
	get := func(a *attribute) *node {
		if m := c.slots[base+a.index]; m != 0 {
			return &c.nodes[m]
		}
		return &none
	}

	for _, a := range it.required {
		if !a.in(c.profiles) {
			continue
		}
		switch n := get(a); {
		case n.null():
			c.add(Error, c.at(a.name), codeRequired, "is required by %s", it.Name)
		case n.kind == '"' && len(n.text) == 0, (n.kind == '[' || n.kind == '{') && n.size == 0:
			c.add(Warning, c.at(a.name), codeEmpty, "is required by %s and empty", it.Name)
		}
	}
	for m := c.nodes[id].first; m != 0; m = c.nodes[m].next {
		c.path = append(c.path, step{name: c.nodes[m].name})
		c.attribute(it, m)
		c.path = c.path[:len(c.path)-1]
		n := &c.nodes[m]
		a := n.attribute
		if a == nil || n.null() || a.Array && n.kind != '[' {
			continue
		}
		if a.values != nil {
			var caption *node
			if a.caption != nil {
				caption = get(a.caption)
			}
			c.enum(a, n, caption)
		}
		if of := a.captionOf; of != nil && of.in(c.profiles) && c.slots[base+of.index] == 0 && !constant(a.name) {
			c.add(Warning, c.at(a.name), codeCaptionAlone, "stands there without %s", of.name)
		}
	}
	for _, a := range it.dateTimes {
		if a.in(c.profiles) && a.base.in(c.profiles) {
			c.sameTime(a, get(a), get(a.base))
		}
	}
	c.constraints(it, get)
	c.slots = c.slots[:base]
}

// constant reports whether an attribute is the caption of a number that events
// of a class have in common, and so can do without.
func constant(name string) bool {
	return name == "class_name" || name == "category_name" || name == "type_name"
}

// attribute checks a member, which the path leads to, but for its enumeration.
func (c *checking) attribute(it *item, id int32) {
	n := &c.nodes[id]
	a := n.attribute
	if a == nil {
		c.fail(codeUnknown, "is no attribute of %s", it.Name)
		return
	}
	if !a.in(c.profiles) {
		c.fail(codeProfileListed, "belongs to the profile %s, which metadata.profiles does not list", strings.Join(a.Profiles, " or "))
	}
	if n.kind == 'n' {
		c.warn(codeNull, "is null: leave the attribute out")
		return
	}
	if len(a.Deprecated) > 0 {
		c.warn(codeDeprecatedAttribute, "is deprecated since %s: %s", a.Deprecated[0], a.Deprecated[1])
	}
	if !a.Array {
		c.value(a, id)
		return
	}
	if n.kind != '[' {
		c.fail(codeNotArray, "is %s, want an array of %s", n.typeName(), a.expected())
		return
	}
	if n.size == 0 && !a.Required {
		c.warn(codeEmptyArray, "is an empty array: leave the attribute out")
	}
	i := 0
	for m := n.first; m != 0; m = c.nodes[m].next {
		c.path = append(c.path, step{index: i})
		c.value(a, m)
		c.path = c.path[:len(c.path)-1]
		i++
	}
}

// value checks one value of an attribute, which the path leads to.
func (c *checking) value(a *attribute, id int32) {
	if a.object == nil {
		c.scalar(a.dataType, &c.nodes[id])
		return
	}
	if n := &c.nodes[id]; n.kind != '{' {
		c.wrongType(n, a.expected())
		return
	}
	c.object(a.object, id)
}

func (c *checking) wrongType(n *node, want string) {
	code := codeType
	if n.kind == '[' {
		code = codeIsArray
	}
	c.fail(code, "is %s, want %s", n.typeName(), want)
}

// enum checks the value or values n of an attribute with an enumeration, and
// their captions. caption is nil if the attribute has none. The path leads to
// the object.
func (c *checking) enum(a *attribute, n, caption *node) {
	if !a.Array {
		c.enumValue(a, n, caption, -1)
		return
	}
	if caption != nil && caption.kind == '[' && caption.size != n.size {
		c.add(Error, c.at(a.caption.name), codeSiblingLength, "has %d captions for %d values of %s", caption.size, n.size, a.name)
	}
	var next int32 // caption
	if caption != nil && caption.kind == '[' {
		next = caption.first
	}
	i := 0
	for m := n.first; m != 0; m = c.nodes[m].next {
		own := caption
		if caption != nil {
			own = &none
			if next != 0 {
				own = &c.nodes[next]
				next = own.next
			}
		}
		c.enumValue(a, &c.nodes[m], own, i)
		i++
	}
}

// enumValue checks one value; i is its index, or -1 if there is no array.
func (c *checking) enumValue(a *attribute, n, caption *node, i int) {
	if n.kind != '"' && !n.integer() { // of a wrong type, which was said
		return
	}
	where := func(name string) string {
		if i >= 0 {
			name += "[" + strconv.Itoa(i) + "]"
		}
		return c.at(name)
	}
	want, ok := a.values[string(n.text)]
	if !ok {
		c.add(Error, where(a.name), codeEnum, "%s is no value of %s: these are %s", quote(n.text), a.name, known(a.values))
		return
	}
	if len(a.DeprecatedValues) > 0 {
		if since, ok := a.DeprecatedValues[string(n.text)]; ok {
			c.add(Warning, where(a.name), codeDeprecatedValue, "%s (%s) is deprecated since %s", n.text, want, since)
		}
	}
	if caption == nil {
		return
	}
	same := caption.kind == '"' && string(caption.text) == want
	switch other := string(n.text) == "99"; {
	case other && caption.null():
		c.add(Warning, where(a.name), codeOtherAlone, "is 99 (Other) without %s, which should have the source's own value", a.caption.name)
	case other && same:
		c.add(Warning, where(a.caption.name), codeOtherIsOther, "is %q, where the source's own value should stand", want)
	case !other && !caption.null() && !same:
		c.add(Error, where(a.caption.name), codeSibling, "is %s, but %s %s is %q", caption.shown(), a.name, n.text, want)
	}
}

// shown is a value for a message.
func (n *node) shown() string {
	if n.kind == '"' || n.kind == '0' {
		return quote(n.text)
	}
	return n.typeName()
}

func (c *checking) constraints(it *item, get func(*attribute) *node) {
	count := func(attributes []*attribute) (n int) {
		for _, a := range attributes {
			if !get(a).null() {
				n++
			}
		}
		return n
	}
	if names := it.Constraints.AtLeastOne; len(names) > 0 && count(it.atLeastOne) == 0 {
		c.fail(codeConstraint, "%s has none of %s, one of which is required", it.Name, strings.Join(names, ", "))
	}
	if names := it.Constraints.JustOne; len(names) > 0 {
		if n := count(it.justOne); n != 1 {
			c.fail(codeConstraint, "%s has %d of %s, want exactly one", it.Name, n, strings.Join(names, ", "))
		}
	}
}

// typeUID checks that the event's type is made of its class and activity.
func (c *checking) typeUID(root, class *node) {
	activity, typeUID := c.member(root, "activity_id"), c.member(root, "type_uid")
	if !activity.integer() || !typeUID.integer() {
		return
	}
	x, _ := class.int64() // it is that of a class
	y, ok1 := activity.int64()
	got, ok2 := typeUID.int64()
	if !ok1 || !ok2 || got != x*100+y {
		c.add(Error, "type_uid", codeTypeUID, "is %s, want class_uid * 100 + activity_id: %d * 100 + %s", shorten(typeUID.text), x, shorten(activity.text))
	}
}
