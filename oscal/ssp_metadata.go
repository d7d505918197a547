package oscal

import (
	"bytes"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// look tells what in the plan does not fit this run, and stays.
func (u *sspUpdate) look(root place) error {
	if u.version != u.b.Version {
		u.b.Logger.Warn("the system security plan stays OSCAL "+plain(u.version, maxTitle), "file", u.file, "others", u.b.Version)
	}
	profile, err := u.plan.object("import-profile")
	if err != nil {
		return root.at("import-profile").fail("%w", err)
	}
	href, err := url.Parse(profile.text("href"))
	if err != nil || u.b.dir == "" || href.IsAbs() || href.Host != "" || href.Path == "" || path.IsAbs(href.Path) {
		return nil
	}
	if own := path.Clean(href.Path); own == profileFile || own == catalogFile {
		return nil // this run writes it
	}
	beside := filepath.Join(u.b.dir, folder, filepath.FromSlash(href.Path))
	if _, err := os.Stat(beside); errors.Is(err, fs.ErrNotExist) {
		u.b.Logger.Warn("the profile that the system security plan imports is not where the plan is written",
			"file", u.file, "href", plain(href.Path, maxTitle), "missing", beside)
	}
	return nil
}

// completeness says in the metadata whether the assessment was incomplete.
func (u *sspUpdate) completeness(root place) error {
	metadata, err := u.child(u.plan, root, "metadata")
	if err != nil {
		return err
	}
	before, err := encode(metadata)
	if err != nil {
		return err
	}
	if note := u.b.incompleteNote(); note != "" {
		err = metadata.setProperty(prop("input-complete", "no"))
	} else {
		err = metadata.dropProperty("input-complete")
	}
	if err != nil {
		return root.at("metadata").fail("%w", err)
	}
	if err := u.note(metadata); err != nil {
		return err
	}
	after, err := encode(metadata)
	if err != nil || bytes.Equal(before, after) {
		return err
	}
	u.changed = true
	return u.plan.set("metadata", metadata)
}

// note replaces this program's paragraph of the remarks. The others are the
// user's.
func (u *sspUpdate) note(metadata *object) error {
	const key, gap = "remarks", "\n\n"
	before := metadata.text(key)
	var all []string
	if before != "" {
		all = slices.DeleteFunc(strings.Split(before, gap), func(s string) bool { return strings.HasPrefix(s, noteMark) })
	}
	if note := u.b.incompleteNote(); note != "" {
		all = append(all, note)
	}
	switch after := strings.Join(all, gap); {
	case after == before:
		return nil
	case after == "":
		metadata.remove(key)
		return nil
	default:
		return metadata.set(key, after)
	}
}

// touch sets the time of the last change, unless the document says that it was
// changed later than the assessment was made.
func (u *sspUpdate) touch(root place) error {
	metadata, err := u.child(u.plan, root, "metadata")
	if err != nil {
		return err
	}
	if last, err := time.Parse(time.RFC3339, metadata.text("last-modified")); err == nil && last.After(u.b.now) {
		return nil
	}
	if err := metadata.set("last-modified", u.b.now); err != nil {
		return err
	}
	return u.plan.set("metadata", metadata)
}
