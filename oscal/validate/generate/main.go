// Command generate packs the JSON schemas that package validate embeds.
//
//	go run ./oscal/validate/generate -schemas DIR [-out oscal/validate/schemas]
//
// DIR holds NIST's complete OSCAL schemas, one for each OSCAL version, named
// oscal_complete_schema-1-1-3.json and so on (NIST, public
// domain). White space is removed and the text is compressed; nothing else
// changes. Of versions whose schemas differ in nothing but the version in
// their $id, the newest alone is stored. All files are read and checked before
// anything is written, and the same schemas give the same bytes, with one
// release of Go.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-shca/shca/internal/generators"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stderr))
}

func run(args []string, stderr io.Writer) int {
	return generators.Program{Flag: "schemas", Of: "the schemas", Out: "oscal/validate/schemas", Files: generate}.Run(args, stderr)
}

// versions are the OSCAL versions whose schema is used, oldest first. A new one
// is named here and in the table of package validate. That of 1.0.5 is left out:
// by a mistake that 1.0.6 mends, it allows no property but "marking".
var versions = []string{"1.0.4", "1.0.6", "1.1.0", "1.1.1", "1.1.2", "1.1.3", "1.2.1", "1.2.2"}

// generate returns the packed schemas by file name.
func generate(dir string) (files map[string][]byte, notes []string, err error) {
	texts := map[string]string{} // by version
	for _, v := range versions {
		name := "oscal_complete_schema-" + strings.ReplaceAll(v, ".", "-") + ".json"
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, nil, err
		}
		var text bytes.Buffer
		if err := json.Compact(&text, raw); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		id := `"http://csrc.nist.gov/ns/oscal/1.0/` + v + `/oscal-complete-schema.json"`
		if strings.Count(text.String(), id) != 1 {
			return nil, nil, fmt.Errorf("%s: does not have the $id %s: is it the complete schema of OSCAL %s?", name, id, v)
		}
		texts[v] = text.String()
	}
	files = map[string][]byte{}
	for i, v := range versions {
		if i+1 < len(versions) {
			next := versions[i+1]
			if strings.Replace(texts[v], "/"+v+"/", "/"+next+"/", 1) == texts[next] {
				continue
			}
		}
		var packed bytes.Buffer
		z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if err != nil {
			return nil, nil, err
		}
		if _, err := io.WriteString(z, texts[v]); err != nil {
			return nil, nil, err
		}
		if err := z.Close(); err != nil {
			return nil, nil, err
		}
		files["oscal-"+v+".json.gz"] = packed.Bytes()
	}
	return files, nil, nil
}
