package ocsf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/ocsf/validate"
)

// Options say what events look like. The zero value works.
type Options struct {
	Version Version // "" is V160
	// Rewrite has findings that were read from OCSF written anew as all others
	// are, even if they are valid events of the version already.
	Rewrite bool
	// Labels are metadata.labels of every event.
	Labels []string
	// Time is that of events whose finding tells none, which get a label that says
	// so; the zero time stands for the beginning of the epoch, without a label.
	Time time.Time
}

// For returns the options for the events of an assessment's findings: if it is
// incomplete or redacted, each of them says so, and those without a time have the
// assessment's.
func (o Options) For(a *shca.Assessment) Options {
	o.Time = a.Time
	o.Labels = slices.Clip(o.Labels)
	if !a.Complete() {
		o.Labels = append(o.Labels, "incomplete assessment: not everything could be read")
	}
	if a.Redacted {
		o.Labels = append(o.Labels, "redacted: "+shca.RedactionNote)
	}
	return o
}

// Head is what an event is filed under.
type Head struct {
	Class     int    // class_uid
	AccountID string // cloud.account.uid, "" if the finding names none
	Region    string // cloud.region, "" if the finding names none
	Time      int64  // epoch milliseconds
	UID       string // metadata.uid
}

// Encoder turns findings into events. Any number of goroutines may use it.
type Encoder struct {
	Options
	valid func() *validate.Validator // reads its table, for findings of OCSF only
}

// NewEncoder returns an encoder; an unknown version is an error.
func NewEncoder(o Options) (*Encoder, error) {
	var err error
	if o.Version, err = ParseVersion(string(o.Version)); err != nil {
		return nil, err
	}
	valid := sync.OnceValue(func() *validate.Validator {
		v, err := validate.New(string(o.Version))
		if err != nil {
			panic(err) // a version that is written has a table
		}
		return v
	})
	return &Encoder{o, valid}, nil
}

// Append appends the finding's event to b: one JSON object on one line, without
// a newline. The error names the finding.
//
// A finding that was read from OCSF and is a valid event of the wanted version
// is passed on as it is, with the labels added. Any other that is not ASFF is
// written from what the model has of it, with its Raw in raw_data.
func (e *Encoder) Append(b []byte, f *shca.Finding) ([]byte, Head, error) {
	b, head, err := e.append(b, f)
	if err != nil {
		err = fmt.Errorf("finding %s: cannot be written as OCSF: %w", f.ID, err)
	}
	return b, head, err
}

func (e *Encoder) append(b []byte, f *shca.Finding) ([]byte, Head, error) {
	root, err := parse(f.Raw)
	var foreign bool
	switch f.Source {
	case shca.SourceConfig, shca.SourceAuditManager:
		foreign, root = true, nil // whose members are others
	default:
		foreign = f.Source == shca.SourceOCSF || err != nil
	}
	if foreign {
		if text, head, ok := e.passOn(f, root); ok {
			return append(b, text...), head, nil
		}
		if root, err = parse(asASFF(f, root)); err != nil {
			return b, Head{}, err
		}
	}
	m := mapper{f: f, root: root, v110: e.Version == V110, otherwise: e.Time}
	m.event.Metadata.Version = e.Version
	m.event.Metadata.Labels = e.labels(f)
	if _, ok := timeOf(f); !ok && plausible(e.Time) {
		m.event.Metadata.Labels = append(m.event.Metadata.Labels, "time not known: that of the assessment")
	}
	m.base()
	switch ocsfClass(m.event.ClassUID) {
	case complianceFinding:
		m.compliance()
	case vulnerabilityFinding:
		m.vulnerabilities()
	case dataSecurityFinding:
		m.dataSecurity()
	default:
		m.detection()
	}
	if foreign {
		m.rawData()
	}
	m.unmapped()
	// The texts of the finding's own JSON stay as they are spelt there; its names
	// are unique, since it was parsed.
	text, err := json.Marshal(&m.event, jsontext.PreserveRawStrings(true), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	return append(b, text...), Head{
		Class: m.event.ClassUID, AccountID: f.AccountID, Region: f.Region,
		Time: m.event.Time, UID: m.event.Metadata.UID,
	}, err
}

// labels returns the labels of the finding's event.
func (e *Encoder) labels(f *shca.Finding) []string {
	labels := slices.Clip(e.Labels)
	if f.Disposition != "" {
		labels = append(labels, disposition+string(f.Disposition))
	}
	return labels
}

// disposition begins the label with the finding's disposition.
const disposition = "disposition: "

// passOn returns the event that the finding was read from, if that is valid as
// it is. root is nil if it is not JSON.
func (e *Encoder) passOn(f *shca.Finding, root *node) (jsontext.Value, Head, bool) {
	if e.Rewrite || root == nil || len(e.valid().Event(f.Raw)) > 0 {
		return nil, Head{}, false
	}
	head := Head{AccountID: f.AccountID, Region: f.Region, UID: root.at("metadata", "uid").text()}
	// A valid event has both; of its class there may be none here.
	head.Class, _ = root.at("class_uid").integer()
	var err error
	if head.Time, err = strconv.ParseInt(root.at("time").raw, 10, 64); err != nil || classNames[ocsfClass(head.Class)] == "" {
		return nil, Head{}, false
	}
	text := jsontext.Value(root.withLabels(f.Raw, e.labels(f)))
	err = text.Compact(jsontext.PreserveRawStrings(true))
	return text, head, err == nil
}

// withLabels returns the event with labels added to its metadata; n is the
// event's root, and raw its text. What an earlier assessment made of the finding
// gives way to what this one did.
func (n *node) withLabels(raw []byte, labels []string) []byte {
	if len(labels) == 0 {
		return slices.Clone(raw)
	}
	into := n.at("metadata")
	have := into.at("labels")
	for _, l := range texts(have) {
		if !strings.HasPrefix(l, disposition) && !slices.Contains(labels, l) {
			labels = append(slices.Clip(labels), l)
		}
	}
	list := []byte{'['}
	for i, l := range labels {
		if i > 0 {
			list = append(list, ',')
		}
		list = appendQuoted(list, l)
	}
	list = append(list, ']')
	if have != nil {
		return slices.Concat(raw[:have.start], list, raw[have.start+len(have.raw):])
	}
	behind := into.start + 1 // its bracket
	return slices.Concat(raw[:behind], fmt.Appendf(nil, `"labels":%s,`, list), raw[behind:])
}
