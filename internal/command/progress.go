package command

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/internal/show"
)

// showProgress keeps a line of progress on a terminal until stop is called,
// beginning after a second. On anything but a terminal it does nothing.
func showProgress(w io.Writer, p *shca.Progress) (stop func()) {
	return onTerminal(w, func() { fmt.Fprint(w, "\r\x1b[K"+progressLine(p)) }, func() { fmt.Fprint(w, "\r\x1b[K") })
}

// onTerminal calls draw again and again, beginning after a second, until stop is
// called, which calls erase if anything was drawn. Where w is no terminal it does
// nothing.
func onTerminal(w io.Writer, draw, erase func()) (stop func()) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func() {}
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		ticker := time.NewTicker(200 * time.Millisecond)
		defer ticker.Stop()
		for ticks := 0; ; ticks++ {
			select {
			case <-done:
				if ticks >= 5 {
					erase()
				}
				return
			case <-ticker.C:
				if ticks >= 5 {
					draw()
				}
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}

func progressLine(p *shca.Progress) string {
	bytes, total, findings := p.Read()
	line := fmt.Sprintf("%s, %.0f MB", show.Plural(findings, "finding"), float64(bytes)/1e6)
	switch {
	case total > 0 && bytes >= total:
		line += " read; assessing and writing"
	case total > 0:
		line += fmt.Sprintf(" of %.0f MB (%d %%)", float64(total)/1e6, bytes*100/total)
	}
	return line
}
