package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// process is what a command may touch of the world besides files.
type process struct {
	args           []string // without the program's name
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	now            func() time.Time
}

// The exit codes; doc.go tells users.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitBelow       = 3
	exitIncomplete  = 4
	exitInterrupted = 130
)

// exitError ends the command with a code. Without a cause it says nothing: the
// command has told the user already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usage(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// run is the program: it returns the exit code.
func run(ctx context.Context, args []string, sys process) int {
	started := false
	sys.args = args
	root := newRoot(sys)
	root.SetArgs(args)
	root.SetIn(sys.stdin)
	root.SetOut(sys.stdout)
	root.SetErr(sys.stderr)
	root.PersistentPreRun = func(*cobra.Command, []string) { started = true }
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	var exit *exitError
	switch {
	case errors.As(err, &exit):
	case ctx.Err() != nil:
		exit = &exitError{exitInterrupted, errors.New("interrupted; nothing was written")}
	case started:
		exit = &exitError{exitFailed, err}
	default: // cobra's own errors come before a command starts
		exit = &exitError{exitUsage, err}
	}
	if exit.err != nil {
		for _, message := range messages(exit.err) {
			fmt.Fprintf(sys.stderr, "shca: %s\n", plain(message, 2000))
		}
		if exit.code == exitUsage {
			fmt.Fprintf(sys.stderr, "Run 'shca --help' or 'shca COMMAND --help' for what there is.\n")
		}
	}
	return exit.code
}

// messages are those of errors that were joined, else the one of the error. Line
// breaks within one may be somebody else's.
func messages(err error) []string {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{err.Error()}
	}
	var whole, each []string
	for _, e := range joined.Unwrap() {
		whole, each = append(whole, e.Error()), append(each, messages(e)...)
	}
	if strings.Join(whole, "\n") != err.Error() {
		return []string{err.Error()} // it has a text of its own
	}
	return each
}

func newRoot(sys process) *cobra.Command {
	root := &cobra.Command{
		Use:   "shca",
		Short: "Assess NIST SP 800-53 baselines from findings of AWS Security Hub and its like",
		Long: `shca reads findings of AWS Security Hub, Config and Audit Manager, assesses the
controls of a NIST SP 800-53 Rev. 5 baseline and writes the artifacts of an RMF / ATO
package.

Start with: shca assess findings.json --out package`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newAssess(sys), newCollect(sys), newConvert(sys), newExplain(sys), newValidate(sys), newVerify(sys), newFormats(sys), newBaselines(sys), newVersion(sys))
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.RunE = func(*cobra.Command, []string) error {
				return usage("completion: name a shell: bash, zsh, fish or powershell")
			}
		}
	}
	return root
}

// logger writes what a user should look at to standard error, a line each: if
// quiet, warnings only.
func logger(w io.Writer, quiet bool) *slog.Logger {
	level := slog.LevelInfo
	if quiet {
		level = slog.LevelWarn
	}
	return slog.New(&lineHandler{w: w, level: level})
}

// lineHandler prints records as "shca: warning: message (key value, …)".
type lineHandler struct {
	w     io.Writer
	level slog.Level
	attrs []slog.Attr
}

func (h *lineHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

func (h *lineHandler) Handle(_ context.Context, r slog.Record) error {
	var attrs []string
	add := func(a slog.Attr) bool {
		attrs = append(attrs, fmt.Sprintf("%s %v", a.Key, a.Value))
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	r.Attrs(add)
	text := r.Message
	if len(attrs) > 0 {
		text += " (" + strings.Join(attrs, ", ") + ")"
	}
	level := ""
	if r.Level >= slog.LevelWarn {
		level = "warning: "
	}
	_, err := fmt.Fprintf(h.w, "shca: %s%s\n", level, plain(text, 2000))
	return err
}

func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &lineHandler{h.w, h.level, append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)}
}

func (h *lineHandler) WithGroup(string) slog.Handler { return h }
