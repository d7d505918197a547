package mapping

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/spool"
)

// evidence collects what is no finding for the controls that it is about. In
// memory it has at most shca.MaxEvidence pieces of each control.
type evidence struct {
	acc    *Accumulator // reads requirements
	sorter spool.Sorter
	key    []byte
	read   bool
}

// controlEvidence is the evidence of one control.
type controlEvidence struct {
	pieces []shca.Evidence // in the order of reports
	count  int64
}

// add stores one piece.
func (v *evidence) add(e *shca.Evidence) error {
	v.read = true
	clipped := *e
	clipped.Clip()
	value, err := json.Marshal(&clipped)
	if err != nil {
		return err
	}
	v.key = appendKey(appendKey(v.key[:0], e.Source), e.ID)
	if e.ID == "" { // a piece of its own, unless the very same is read again
		v.key = append(v.key, value...)
	}
	identity := sha256.Sum256(v.key)
	v.key = appendNewest(append(v.key[:0], identity[:16]...), e.At)
	v.key = binary.BigEndian.AppendUint64(v.key, xxhash.Sum64(value))
	return v.sorter.Add(v.key, value)
}

// fold returns the evidence of each control, the newest copy of each piece, and
// notes in the scopes what is about no control. limit is the number of controls.
func (v *evidence) fold(ctx context.Context, limit int, s scopes) (map[shca.ControlID]*controlEvidence, error) {
	if !v.read {
		return nil, v.sorter.Close()
	}
	sorted, err := v.sorter.Sort()
	if err != nil {
		return nil, err
	}
	all := map[shca.ControlID]*controlEvidence{}
	unmapped := map[*shca.Scope]int64{}
	var last [16]byte
	first := true
	for r, err := range sorted.All() {
		if err == nil {
			err = ctx.Err()
		}
		var e shca.Evidence
		if err == nil && (first || !bytes.Equal(last[:], r.Key[:16])) {
			first = false
			copy(last[:], r.Key)
			if err = json.Unmarshal(r.Value, &e); err == nil {
				controls := v.acc.read(e.Requirement).controls
				if len(controls) == 0 && e.Requirement != "" { // else its source has said that it does not know
					unmapped[s.of(e.Source, e.AccountID, e.Region)] += e.Pieces()
				}
				for _, id := range controls {
					if all[id] == nil {
						all[id] = &controlEvidence{}
					}
					all[id].add(e)
				}
			}
			if err == nil && len(all) > limit {
				err = tooMany(limit, "controls")
			}
		}
		if err != nil {
			return nil, errors.Join(err, sorted.Close())
		}
	}
	for scope, n := range unmapped {
		scope.Note = joinText(scope.Note, fmt.Sprintf("%s about no control of %s", plural(n, "piece of evidence is", "pieces of evidence are"), v.acc.framework.Title))
	}
	return all, sorted.Close()
}

func (c *controlEvidence) add(e shca.Evidence) {
	c.count += e.Pieces()
	i, _ := slices.BinarySearchFunc(c.pieces, e, func(a, b shca.Evidence) int { return a.Compare(&b) })
	if i == shca.MaxEvidence {
		return
	}
	c.pieces = slices.Insert(c.pieces[:min(len(c.pieces), shca.MaxEvidence-1)], i, e)
}
