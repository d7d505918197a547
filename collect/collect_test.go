package collect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/sources/asff"
	"github.com/go-shca/shca/sources/snapshot"
	"github.com/go-shca/shca/sources/stream"
)

func partial(o Options) string {
	return filepath.Join(filepath.Dir(o.Out), "."+filepath.Base(o.Out)+".partial")
}

func whole(r *Result) bool { return len(r.Incomplete()) == 0 }

// fakeService has tasks of so many pages of ten findings each.
type fakeService struct {
	pages   []int
	scopes  []shca.Scope
	planned int
	next    func(task, page int) error // before a page is handed over; may be nil
	odd     bool                       // every page says that something is missing
}

func (s *fakeService) Plan(context.Context) ([]Task, []shca.Scope, error) {
	s.planned++
	var tasks []Task
	for i := range s.pages {
		tasks = append(tasks, Task{Source: "asff", AccountID: "111122223333", Region: fmt.Sprint("region-", i), Params: jsontext.Value(fmt.Sprint(i))})
	}
	return tasks, s.scopes, nil
}

func (s *fakeService) Puller(t Task) (Puller, error) {
	var task int
	err := json.Unmarshal(t.Params, &task)
	return &fakePuller{s, task}, err
}

type fakePuller struct {
	*fakeService
	task int
}

func finding(task, n int) string {
	return fmt.Sprintf(`{"SchemaVersion":"2018-10-08","Id":"finding-%d-%d","Title":"t","Description":"d"}`, task, n)
}

func (p *fakePuller) Next(_ context.Context, cursor jsontext.Value) (page Page, err error) {
	at := 0
	if cursor != nil {
		if err := json.Unmarshal(cursor, &at); err != nil {
			return page, err
		}
	}
	if p.next != nil {
		if err := p.next(p.task, at); err != nil {
			return page, err
		}
	}
	for n := range 10 {
		page.Lines = append(page.Lines, snapshot.Line{Finding: jsontext.Value(finding(p.task, at*10+n)), Format: "asff"})
	}
	page.Lines = append(page.Lines, snapshot.Line{Setting: &shca.CheckSetting{Source: "asff", Check: "S3.1"}})
	if at+1 < p.pages[p.task] {
		page.Next = jsontext.Value(fmt.Sprint(at + 1))
	}
	if p.odd {
		page.Lines = append(page.Lines, snapshot.Line{Scope: &shca.Scope{Source: "asff", Err: "a part is missing"}})
	}
	page.Total = int64(p.pages[p.task] * 10)
	return page, nil
}

func options(t *testing.T) Options {
	return Options{
		Out: filepath.Join(t.TempDir(), "snapshot.ndjson.zst"), Service: "securityhub",
		Selection: jsontext.Value(`{"regions":["a"]}`), Generator: "shca test", Now: time.Now,
	}
}

// content returns the ids of the findings in a snapshot, and its scopes.
func content(t *testing.T, file string) (ids map[string]int, scopes []shca.Scope) {
	t.Helper()
	ids = map[string]int{}
	s := &snapshot.Source{Name: "snapshot", Formats: []stream.Format{asff.Format}, Open: func() (io.ReadCloser, error) {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		z, err := zstd.NewReader(f)
		return z.IOReadCloser(), err
	}}
	for r, err := range s.Records(t.Context()) {
		switch {
		case err != nil:
			t.Error(err)
		case r.Finding != nil:
			ids[r.Finding.ID]++
		case r.Scope != nil:
			scopes = append(scopes, *r.Scope)
		}
	}
	return ids, scopes
}

func wantEvery(t *testing.T, ids map[string]int, pages ...int) {
	t.Helper()
	want := map[string]int{}
	for task, n := range pages {
		for i := range n * 10 {
			want[fmt.Sprintf("finding-%d-%d", task, i)] = 1
		}
	}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("findings (-want +got):\n%.2000s", diff)
	}
}

func TestRun(t *testing.T) {
	o := options(t)
	skipped := shca.Scope{Source: "asff", Region: "off", Err: "is off"}
	r, err := Run(t.Context(), &fakeService{pages: []int{3, 1, 7}, scopes: []shca.Scope{skipped}}, o)
	if err != nil {
		t.Fatal(err)
	}
	ids, scopes := content(t, o.Out)
	wantEvery(t, ids, 3, 1, 7)
	if diff := cmp.Diff(scopes, r.Scopes); diff != "" || len(scopes) != 4 || scopes[0].Err != "is off" {
		t.Errorf("scopes (-snapshot +result):\n%s", diff)
	}
	if want := (snapshot.Counts{Findings: 110, Scopes: 4, Settings: 11}); r.Counts != want || whole(r) {
		t.Errorf("counts %+v, complete %v", r.Counts, whole(r))
	}
	if _, err := os.Stat(partial(o)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory of the run is still there: %v", err)
	}
	if info, err := os.Stat(o.Out); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// errKilled stands for whatever ends a run at once.
var errKilled = errors.New("killed")

// TestKilled kills a run before every one of its pages, leaves half a page behind
// the last checkpoint, and goes on.
func TestKilled(t *testing.T) {
	const task, pages = 1, 6
	for at := range pages {
		o := options(t)
		o.Parallel = 1
		ctx, cancel := context.WithCancelCause(t.Context())
		_, err := Run(ctx, &fakeService{pages: []int{2, pages, 3}, next: func(i, page int) error {
			if i == task && page == at {
				cancel(errKilled)
			}
			return nil
		}}, o)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		if _, err := os.Stat(o.Out); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("there is a snapshot of a run that was killed: %v", err)
		}
		segment := filepath.Join(partial(o), "000001.ndjson.zst")
		f, err := os.OpenFile(segment, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
		if err == nil {
			_, err = f.WriteString("half a page")
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		again := &fakeService{pages: []int{2, pages, 3}, next: func(i, page int) error {
			if i == 0 || i == task && page < at {
				t.Errorf("killed before page %d: page %d of task %d is pulled again", at, page, i)
			}
			return nil
		}}
		r, err := Run(t.Context(), again, o)
		if err != nil || r.Resumed.IsZero() || again.planned != 0 {
			t.Fatalf("result %+v, error %v, planned %d times", r, err, again.planned)
		}
		ids, _ := content(t, o.Out)
		wantEvery(t, ids, 2, pages, 3)
	}
}

// TestRestart: a cursor that AWS no longer takes begins the task again, and only
// so often.
func TestRestart(t *testing.T) {
	o := options(t)
	times := 0
	r, err := Run(t.Context(), &fakeService{pages: []int{4, 2}, next: func(task, page int) error {
		if task == 0 && page == 2 && times < maxRestarts {
			times++
			return fmt.Errorf("page %d: %w", page, ErrRestart)
		}
		return nil
	}}, o)
	if err != nil || !whole(r) || times != maxRestarts {
		t.Fatalf("%+v, %v", r, err)
	}
	ids, _ := content(t, o.Out)
	wantEvery(t, ids, 4, 2)

	o = options(t)
	r, err = Run(t.Context(), &fakeService{pages: []int{4, 2}, next: func(task, page int) error {
		if task == 0 && page == 2 {
			return fmt.Errorf("page %d: %w", page, ErrRestart)
		}
		return nil
	}}, o)
	if err != nil || whole(r) || !strings.Contains(r.Scopes[0].Err, "expired") {
		t.Fatalf("%+v, %v", r, err)
	}
	ids, _ = content(t, o.Out) // what was read of it counts, and is incomplete
	wantEvery(t, ids, 2, 2)
}

// TestFailedTask: one Region that fails costs no other.
func TestFailedTask(t *testing.T) {
	o := options(t)
	r, err := Run(t.Context(), &fakeService{pages: []int{4, 3, 5}, next: func(task, page int) error {
		if task == 1 && page == 1 {
			return errors.New("access denied")
		}
		return nil
	}}, o)
	if err != nil || whole(r) {
		t.Fatalf("%+v, %v", r, err)
	}
	ids, scopes := content(t, o.Out)
	wantEvery(t, ids, 4, 1, 5)
	want := []string{"", "access denied", ""}
	for i, s := range scopes {
		if s.Err != want[i] {
			t.Errorf("scope %d: %q", i, s.Err)
		}
	}
}

// TestRemains: what an earlier run left is gone on with only if it asked for the
// same, not long ago, and nobody else is at it.
func TestRemains(t *testing.T) {
	interrupted := func(t *testing.T) Options {
		o := options(t)
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := Run(ctx, &fakeService{pages: []int{3}, next: func(_, page int) error {
			if page == 2 {
				cancel()
			}
			return nil
		}}, o); err == nil {
			t.Fatal("no error")
		}
		return o
	}
	t.Run("other selection", func(t *testing.T) {
		o := interrupted(t)
		o.Selection = jsontext.Value(`{"regions":["b"]}`)
		if _, err := Run(t.Context(), &fakeService{pages: []int{3}}, o); err == nil || !strings.Contains(err.Error(), "asked for something else") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("same selection, other spacing", func(t *testing.T) {
		o := interrupted(t)
		o.Selection = jsontext.Value(` { "regions" : ["a"] }`)
		if r, err := Run(t.Context(), &fakeService{pages: []int{3}}, o); err != nil || r.Resumed.IsZero() {
			t.Errorf("%+v, error %v", r, err)
		}
	})
	t.Run("finished", func(t *testing.T) { // and killed before its directory was removed
		o := interrupted(t)
		file := filepath.Join(partial(o), planFile)
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, bytes.Replace(text, []byte(`"finished":false`), []byte(`"finished":true`), 1), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		again := &fakeService{pages: []int{3}}
		if r, err := Run(t.Context(), again, o); err != nil || !r.Resumed.IsZero() || again.planned != 1 {
			t.Errorf("%+v, error %v", r, err)
		}
	})
	t.Run("old", func(t *testing.T) {
		o := interrupted(t)
		o.Now = func() time.Time { return time.Now().Add(maxAge + time.Minute) }
		again := &fakeService{pages: []int{3}}
		r, err := Run(t.Context(), again, o)
		if err != nil || r.Discarded.IsZero() || !r.Resumed.IsZero() || again.planned != 1 {
			t.Errorf("%+v, error %v", r, err)
		}
		ids, _ := content(t, o.Out)
		wantEvery(t, ids, 3)
	})
	t.Run("in use", func(t *testing.T) {
		o := options(t)
		_, err := Run(t.Context(), &fakeService{pages: []int{1}, next: func(int, int) error {
			if _, err := Run(t.Context(), &fakeService{pages: []int{1}}, o); err == nil || !strings.Contains(err.Error(), "in use") {
				t.Errorf("error %v", err)
			}
			return nil
		}}, o)
		if err != nil {
			t.Error(err)
		}
	})
}

// TestDeterministic: pages may come in any order of tasks, the snapshot is the
// same.
func TestDeterministic(t *testing.T) {
	var first []byte
	for range 3 {
		o := options(t)
		o.Now = func() time.Time { return time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) }
		if _, err := Run(t.Context(), &fakeService{pages: []int{5, 4, 3, 2, 1}}, o); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(o.Out)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if !bytes.Equal(first, data) {
			t.Error("the same pages give other bytes")
		}
	}
}

// TestProgress counts what has been pulled, also before the run.
func TestProgress(t *testing.T) {
	o := options(t)
	o.Progress = NewProgress(o.Now)
	if _, err := Run(t.Context(), &fakeService{pages: []int{2, 3}}, o); err != nil {
		t.Fatal(err)
	}
	for i, p := range o.Progress.Tasks() {
		if want := int64(i+2) * 10; p.Items != want || p.Total != want || p.State != Pulled {
			t.Errorf("%+v", p)
		}
	}
}

// TestPartial: what pages say is missing makes the run incomplete, and is bounded.
func TestPartial(t *testing.T) {
	o := options(t)
	r, err := Run(t.Context(), &fakeService{pages: []int{maxPartial + 20, 1}, odd: true}, o)
	if err != nil || len(r.Partial) != maxPartial+1 || len(r.Incomplete()) != maxPartial+1 {
		t.Fatalf("%d partial, error %v", len(r.Partial), err)
	}
	if _, scopes := content(t, o.Out); len(scopes) != maxPartial+20+1+2 {
		t.Errorf("%d scopes in the snapshot", len(scopes))
	}
}

// TestNothing: a run that could read nothing leaves what is there.
func TestNothing(t *testing.T) {
	o := options(t)
	if err := os.WriteFile(o.Out, []byte("yesterday's"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Run(t.Context(), &fakeService{pages: []int{2, 2}, scopes: []shca.Scope{{Source: "asff", Region: "off", Err: "is off"}}, next: func(int, int) error {
		return errors.New("access denied")
	}}, o)
	if err == nil || !strings.Contains(err.Error(), "nothing could be read") || !strings.Contains(err.Error(), "is off") || !strings.Contains(err.Error(), "access denied") {
		t.Errorf("error %v", err)
	}
	if text, err := os.ReadFile(o.Out); string(text) != "yesterday's" {
		t.Errorf("%s, %v", text, err)
	}
	if _, err := os.Stat(partial(o)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory of the run: %v", err)
	}
}

type signIn struct{}

func (signIn) Error() string { return "sign in" }
func (signIn) EndsRun() bool { return true }

// TestEndsRun: an error that only a person can mend ends the run, and the next one
// goes on from there.
func TestEndsRun(t *testing.T) {
	for range 20 { // side by side with a task that stops for it
		o := options(t)
		s := &fakeService{pages: []int{2, 300}, next: func(task, page int) error {
			if task == 0 && page == 1 {
				return fmt.Errorf("page: %w", signIn{})
			}
			return nil
		}}
		if _, err := Run(t.Context(), s, o); !errors.As(err, &signIn{}) {
			t.Fatalf("error %v", err)
		}
	}
	o := options(t)
	o.Parallel = 1
	s := &fakeService{pages: []int{2, 3}, next: func(task, page int) error {
		if task == 1 && page == 1 {
			return fmt.Errorf("page: %w", signIn{})
		}
		return nil
	}}
	if _, err := Run(t.Context(), s, o); !errors.As(err, &signIn{}) {
		t.Fatalf("error %v", err)
	}
	r, err := Run(t.Context(), &fakeService{pages: []int{2, 3}}, o)
	if err != nil || r.Resumed.IsZero() {
		t.Fatalf("%+v, %v", r, err)
	}
	ids, _ := content(t, o.Out)
	wantEvery(t, ids, 2, 3)
}

// TestPaths: where nothing can be written, nothing is asked, and nobody's files
// are touched.
func TestPaths(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "precious.json")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{
		{Out: dir + "/"}, {Out: dir}, {Out: filepath.Join(dir, "missing", "s.zst")}, {Out: filepath.Join(dir, "s.zst"), Work: dir}, {Out: filepath.Join(file, "s.zst")},
	} {
		o.Service, o.Now = "securityhub", time.Now
		s := &fakeService{pages: []int{1}}
		if _, err := Run(t.Context(), s, o); err == nil || s.planned > 0 {
			t.Errorf("%+v: error %v, planned %d times", o, err, s.planned)
		}
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
	target := filepath.Join(dir, "target.zst")
	link := filepath.Join(dir, "link[1].zst")
	if err := errors.Join(os.WriteFile(target, nil, 0o600), os.Symlink(target, link)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := Run(t.Context(), &fakeService{pages: []int{1}}, Options{Out: link, Service: "securityhub", Now: time.Now}); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Lstat(link); err != nil || info.Mode().IsRegular() {
		t.Errorf("the link was replaced: %v", err)
	}
	ids, _ := content(t, target)
	wantEvery(t, ids, 1)
}

// TestPlanAgain: what could not be planned is planned again by a run that goes on.
func TestPlanAgain(t *testing.T) {
	o := options(t)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Run(ctx, &fakeService{pages: []int{3}, scopes: []shca.Scope{{Source: "asff", AccountID: "111122223333", Region: "region-1", Err: "503"}}, next: func(_, page int) error {
		if page == 1 {
			cancel()
		}
		return nil
	}}, o); err == nil {
		t.Fatal("no error")
	}
	r, err := Run(t.Context(), &fakeService{pages: []int{3, 2}}, o)
	if err != nil || !whole(r) || r.Resumed.IsZero() {
		t.Fatalf("%+v, %v", r, err)
	}
	ids, _ := content(t, o.Out)
	wantEvery(t, ids, 3, 2)
}
