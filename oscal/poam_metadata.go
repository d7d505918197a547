package oscal

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/go-shca/shca/system"
)

// poamMetadata is the previous plan's metadata with what this run knows better.
// The time and the version change only if something else does.
func (m *poam) poamMetadata() (any, error) {
	fresh := m.bundle.metadata("Plan of action and milestones: "+m.systemName(), cmp.Or(m.System.Version, m.runVersion()))
	if m.previous.metadata == nil {
		v, err := objectOf(fresh)
		if err == nil {
			err = setVersion(v, fresh.Version)
		}
		if err == nil && fresh.Remarks != "" {
			err = v.setDigest("remarks", fresh.Remarks)
		}
		return v, err
	}
	v, err := readObject(m.previous.metadata)
	if err != nil {
		return nil, err
	}
	if old := v.text("title"); old == "" || strings.Contains(old, system.ToBeCompleted) {
		err = v.set("title", fresh.Title)
	}
	if v.text("oscal-version") != fresh.OscalVersion {
		err = errors.Join(err, v.set("oscal-version", fresh.OscalVersion))
	}
	for _, p := range *fresh.Props {
		err = errors.Join(err, v.setProperty(p))
	}
	if err = errors.Join(err, m.incomplete(v, fresh.Remarks)); err != nil {
		return nil, fmt.Errorf("%s: %s/metadata: %w", m.POAM, poamPointer, err)
	}
	parties, roles := m.named()
	err = errors.Join(err,
		merge(v, "roles", "id", *fresh.Roles, roles),
		merge(v, "parties", "uuid", *fresh.Parties, parties),
	)
	if fresh.ResponsibleParties != nil {
		err = errors.Join(err, merge(v, "responsible-parties", "role-id", *fresh.ResponsibleParties, roles))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s/metadata: %w", m.POAM, poamPointer, err)
	}
	if !m.same || v.text("last-modified") == "" || v.text("version") == "" {
		err = v.set("last-modified", fresh.LastModified)
		if own, failed := m.ownVersion(v, fresh.Version); own {
			err = errors.Join(err, setVersion(v, fresh.Version))
		} else {
			err = errors.Join(err, failed)
		}
	}
	return v, err
}

// ownVersion reports whether the plan's version is from this program.
func (m *poam) ownVersion(metadata *object, fresh string) (bool, error) {
	was := metadata.text("version")
	digest, err := metadata.property("managed-digest", "version")
	return was == "" || was == fresh || isRunVersion(was) || digest == digestOf(was), err
}

// isRunVersion reports whether the version is that of a run: nobody writes such.
func isRunVersion(version string) bool {
	_, err := time.Parse(runVersionLayout, version)
	return err == nil
}

// setVersion sets the version, and tells one that is not of a run apart from
// somebody's.
func setVersion(metadata *object, version string) error {
	if err := metadata.set("version", version); err != nil {
		return err
	}
	if isRunVersion(version) {
		return metadata.dropPropertyOf("managed-digest", "version")
	}
	return metadata.setDigest("version", version)
}

// incomplete says in the metadata that the assessment is not complete, or no
// longer. Remarks that somebody wrote stay.
func (m *poam) incomplete(metadata *object, remarks string) error {
	const key = "remarks"
	was := metadata.text(key)
	digest, err := metadata.property("managed-digest", key)
	if err != nil {
		return err
	}
	_, there := metadata.values[key]
	own := digest != "" && digest == digestOf(was)
	switch {
	case remarks != "" && (own || !there):
		return errors.Join(metadata.set(key, remarks), metadata.setDigest(key, remarks))
	case remarks != "":
		return nil
	case own:
		metadata.remove(key)
	}
	return errors.Join(metadata.dropProperty("input-complete"), metadata.dropPropertyOf("managed-digest", key))
}

// named are the ids of the parties and roles that the system file tells about.
func (m *poam) named() (parties, roles map[string]bool) {
	parties, roles = map[string]bool{}, map[string]bool{}
	for _, p := range m.System.Parties {
		parties[m.partyUUID(p.ID)] = true
	}
	parties[m.organization().UUID] = m.System.Organization.Name != ""
	for _, r := range m.System.Roles {
		roles[token(r.ID)] = true
	}
	return parties, roles
}

// merge adds to a list the elements that it lacks by their ids, and sets the
// members of those whose ids are told.
func merge[T any](v *object, key, idKey string, fresh []T, told map[string]bool) error {
	all, err := v.objects(key)
	if err != nil {
		return err
	}
	index := map[string]*object{}
	for _, one := range all {
		index[one.text(idKey)] = one
	}
	for _, f := range fresh {
		one, err := objectOf(f)
		if err != nil {
			return err
		}
		id := one.text(idKey)
		old := index[id]
		if old == nil {
			all = append(all, one)
			continue
		}
		if !told[id] {
			continue
		}
		for _, k := range one.keys {
			if err := old.set(k, one.values[k]); err != nil {
				return err
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	return v.set(key, all)
}

// unchanged reports whether the plan says what the previous one said, whatever
// the order of members and elements.
func (m *poam) unchanged(ctx context.Context) (bool, error) {
	f, err := os.Open(m.POAM)
	if err != nil {
		return false, err
	}
	defer f.Close() // it is only read
	before, err := poamDigest(f)
	if err != nil {
		return false, fmt.Errorf("%s: %w", m.POAM, err)
	}
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := m.write(ctx, w)
		w.CloseWithError(err)
		done <- err
	}()
	now, err := poamDigest(r)
	r.CloseWithError(errEnough) // so that write ends if the digest failed
	if failed := <-done; failed != nil && !errors.Is(failed, errEnough) {
		err = failed
	}
	return before == now, err
}

// poamDigest digests what a plan says, apart from when it was written.
func poamDigest(r io.Reader) (sum [sha256.Size]byte, err error) {
	err = splitPOAM(r, func(pointer, list string, raw json.RawMessage) error {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			return err
		}
		if metadata, ok := v.(map[string]any); ok && pointer == poamPointer+"/metadata" {
			delete(metadata, "last-modified")
			delete(metadata, "version")
		}
		canonical, err := json.Marshal(v) // with sorted keys
		if err != nil {
			return err
		}
		one := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s", cmp.Or(list, pointer), canonical))
		for i := range sum {
			sum[i] ^= one[i]
		}
		return nil
	})
	return sum, err
}
