package redact

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Key is the secret that pseudonyms are made with. Whoever has it can find out
// whose they are; without it, that takes guessing the key.
type Key [32]byte

// String hides the key from logs.
func (Key) String() string { return "redacted key" }

// GoString hides it from %#v.
func (k Key) GoString() string { return k.String() }

// label is the first line of a key file, for people who find one.
const label = "# secret key of shca assess --redact: whoever has it can undo the pseudonyms"

// ReadKey reads the key file, or makes one with a new random key, for its owner
// alone to read, if there is none; made says that it did. It makes no directory.
func ReadKey(file string) (key Key, made bool, err error) {
	key, err = readKey(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, false, err
	}
	if _, err := rand.Read(key[:]); err != nil {
		return key, false, err
	}
	err = writeKey(file, key)
	if errors.Is(err, fs.ErrExist) { // another run was faster
		key, err = readKey(file)
		return key, false, err
	}
	return key, err == nil, err
}

// writeKey makes the file at once with all that is in it, and leaves one that is
// there as it is.
func writeKey(file string, key Key) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(file), ".redact-*") // with mode 0600
	if err != nil {
		return fmt.Errorf("a key cannot be kept: %w", err)
	}
	defer os.Remove(temp.Name())
	_, err = fmt.Fprintf(temp, "%s\n%x\n", label, key[:])
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("a key cannot be kept: %w", err)
	}
	err = os.Link(temp.Name(), file)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// Not every file system has links.
	if _, err := os.Lstat(file); err == nil {
		return fs.ErrExist
	}
	return os.Rename(temp.Name(), file)
}

func readKey(file string) (key Key, err error) {
	f, err := os.Open(file)
	if err != nil {
		return key, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return key, err
	}
	if !info.Mode().IsRegular() {
		return key, fmt.Errorf("%s: is no regular file, so no key", file)
	}
	text, err := io.ReadAll(io.LimitReader(f, 1<<10))
	if err != nil {
		return key, err
	}
	key, ok := parseKey(string(text))
	if !ok {
		return key, fmt.Errorf("%s: is no key: one has %d hexadecimal digits on a line, and is made where the file named does not exist", file, 2*len(key))
	}
	return key, nil
}

// parseKey reads the text of a key file: lines of comments, and the key.
func parseKey(text string) (key Key, ok bool) {
	var digits string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			if digits != "" {
				return key, false
			}
			digits = line
		}
	}
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != len(key) || Key(b) == (Key{}) {
		return key, false
	}
	return Key(b), true
}

// IsKeyFile reports whether the file holds a key.
func IsKeyFile(file string) bool {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() || info.Size() > 1<<10 {
		return false
	}
	_, err = readKey(file)
	return err == nil
}
