package command

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/go-shca/shca/collect"
	"github.com/go-shca/shca/internal/show"
)

// maxTaskLines is the number of tasks that are shown one by one.
const maxTaskLines = 12

// showTasks keeps lines of progress on a terminal until stop is called: one for
// each task that is being pulled. On anything but a terminal it does nothing.
func showTasks(w io.Writer, p *collect.Progress, now func() time.Time) (stop func()) {
	lines := 0 // on the screen
	erase := func() {
		if lines > 0 {
			fmt.Fprintf(w, "\r\x1b[%dA\x1b[J", lines)
		}
	}
	return onTerminal(w, func() {
		width, height := terminalSize(w)
		text := taskLines(p.Tasks(), now(), width, height)
		erase()
		fmt.Fprint(w, strings.Join(text, "\n")+"\n")
		lines = len(text)
	}, erase)
}

// terminalSize is what a line and a screen hold, without the last column and row,
// which make some terminals scroll.
func terminalSize(w io.Writer) (width, height int) {
	if f, ok := w.(*os.File); ok {
		if width, height, err := term.GetSize(int(f.Fd())); err == nil && width > 20 && height > 3 {
			return width - 1, height - 1
		}
	}
	return 79, 23
}

// taskLines says how far the tasks are: a sum, and a line for each account and
// Region that is being pulled or has failed; no more than fit on the screen.
func taskLines(tasks []collect.TaskProgress, now time.Time, width, height int) []string {
	if len(tasks) == 0 {
		return []string{"asking what there is to pull"}
	}
	var items int64
	ended := 0
	var open []collect.TaskProgress
	for _, t := range tasks {
		items += t.Items
		switch t.State {
		case collect.Pulled:
			ended++
		case collect.Failed:
			ended++
			open = append(open, t)
		case collect.Pulling:
			open = append(open, t)
		}
	}
	lines := []string{fmt.Sprintf("%s, %d of %s done", show.Plural(items, "finding"), ended, show.Plural(len(tasks), "place"))}
	slices.SortStableFunc(open, func(a, b collect.TaskProgress) int { return cmp.Compare(b.State, a.State) })
	for i, t := range open {
		if i == min(maxTaskLines, height-2) {
			return append(lines, fmt.Sprintf("  and %d more", len(open)-i))
		}
		lines = append(lines, "  "+plain(taskLine(&t, now), width-2))
	}
	return lines
}

func taskLine(t *collect.TaskProgress, now time.Time) string {
	line := strings.TrimSpace(t.AccountID+" "+t.Region) + ": " + show.Number(t.Items)
	if t.State == collect.Failed {
		return line + ", failed: " + t.Err.Error()
	}
	if t.Total > 0 {
		line += " of " + show.Number(t.Total)
	}
	rate := 0.0 // a second, in this run
	if passed := now.Sub(t.Began).Seconds(); passed >= 1 {
		rate = float64(t.Items-t.Before) / passed
	}
	if rate >= 0.5 {
		line += fmt.Sprintf(", %.0f a second", rate)
		if left := t.Total - t.Items; left > 0 {
			line += ", about " + time.Duration(float64(left)/rate*float64(time.Second)).Round(time.Second).String() + " left"
		}
	}
	return line
}
