package securityhub

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/go-shca/shca/collect"
	"github.com/go-shca/shca/internal/awsapi"
	"github.com/go-shca/shca/internal/awsfake"
)

var scale = flag.Int("findings", 20_000, "collect so many findings in TestMemory")

// TestMemory collects many findings from ten Regions and sees that each is there
// and that memory did not grow with them. The server is part of the process, and
// of what is measured.
func TestMemory(t *testing.T) {
	const limit = 200 << 20
	server := awsfake.New(t)
	server.Unlimited = true // the pace of AWS would take an hour
	var regions []string
	for i := range 10 {
		name := fmt.Sprintf("eu-west-%d", i+1)
		regions = append(regions, name)
		server.At(own, name).Hub = &awsfake.Hub{Findings: awsfake.Findings{Count: *scale / 10, At: func(i int) []byte {
			return fmt.Appendf(nil, `{"SchemaVersion":"2018-10-08","Id":"%s/%d","ProductArn":"arn:aws:securityhub:%[1]s::product/aws/securityhub","Compliance":{"Status":"PASSED"},"RecordState":"ACTIVE","Description":"%[3]s"}`, name, i, strings.Repeat("text ", 500))
		}}}
	}
	e := &estate{Server: server, t: t, url: server.URL}
	s, err := New(Options{Session: e.session(awsapi.Options{}), Regions: regions, Inventory: "none"})
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "snapshot.ndjson.zst")
	began := time.Now()
	result, err := collect.Run(t.Context(), s, collect.Options{Out: out, Service: "securityhub", Now: time.Now})
	if err != nil || len(result.Incomplete()) > 0 {
		t.Fatalf("%+v, error %v", result, err)
	}
	took := time.Since(began)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	lines := &lineCounter{}
	if _, err := z.WriteTo(lines); err != nil {
		t.Fatal(err)
	}
	info, _ := f.Stat()
	t.Logf("%d findings in %v, at most %d MB from the system, snapshot %d MB, %d requests", result.Counts.Findings, took.Round(time.Millisecond), m.Sys>>20, info.Size()>>20, server.Count("GetFindings"))
	if want := int64(*scale/10) * 10; result.Counts.Findings != want || lines.n != want+12 {
		t.Errorf("%d findings, %d lines", result.Counts.Findings, lines.n)
	}
	if m.Sys > limit && !raceEnabled {
		t.Errorf("%d MB taken from the system, and the limit is %d", m.Sys>>20, limit>>20)
	}
}

// lineCounter counts lines.
type lineCounter struct{ n int64 }

func (c *lineCounter) Write(p []byte) (int, error) {
	c.n += int64(bytes.Count(p, []byte("\n")))
	return len(p), nil
}
