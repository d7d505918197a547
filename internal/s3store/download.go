package s3store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// maxDocument is the most bytes of an object that Download fetches.
const maxDocument = 1 << 30

// Download copies the objects of the given names below the folder of the
// address into the directory, each whole or not at all and readable by its
// owner only. A name is that of an artifact ("oscal/system-security-plan.json").
//
// It returns the ETag of each name, "" of those that do not exist, which
// Options.IfMatch of a later Upload takes. An object that cannot be read is an
// error: what people wrote in it would be lost.
func (s *Store) Download(ctx context.Context, folder Address, names []string, dir string) (etags map[string]string, err error) {
	folder = folder.Folder()
	b, err := s.bucket(ctx, folder)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	etags = map[string]string{}
	for _, name := range names {
		key, err := keyOf(folder, name)
		if err != nil {
			return nil, err
		}
		o, ok, err := b.find(ctx, key)
		if err != nil {
			return nil, err
		}
		if etags[name] = o.etag; !ok {
			continue
		}
		if o.size > maxDocument {
			return nil, fmt.Errorf("%s: larger than %d MiB, which no document is that people edit", shown(Address{b.name, key}.String()), maxDocument>>20)
		}
		if err := o.save(ctx, root, name); err != nil {
			return nil, err
		}
	}
	return etags, nil
}

// keyOf returns the key of an artifact, whose name must not lead out of the
// folder.
func keyOf(folder Address, name string) (string, error) {
	if name == "." || path.Clean(name) != name || !filepath.IsLocal(filepath.FromSlash(name)) {
		return "", fmt.Errorf("%s is no name for an artifact", shown(name))
	}
	key := folder.Key + name
	if err := checkKey(key); err != nil {
		return "", fmt.Errorf("%s: %w", shown(Address{folder.Bucket, key}.String()), err)
	}
	return key, nil
}

func (o object) save(ctx context.Context, root *os.Root, name string) (err error) {
	name = filepath.FromSlash(name)
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	partial := name + ".partial"
	if err := root.Remove(partial); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := root.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = root.Remove(partial) // the error at hand is the one to tell
		}
	}()
	from, err := o.open(ctx)
	if err == nil {
		_, err = io.Copy(f, from)
		err = errors.Join(err, from.Close())
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return root.Rename(partial, name)
}
