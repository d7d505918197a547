// Package command is the command shca: its commands, flags and messages, one file
// for each command. It is for cmd/shca, which documents it for users, and for
// programs that are shca and something else in one file.
//
// It reads, assesses and writes nothing itself: other packages do.
package command

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Main runs the command with the arguments, streams and environment of this
// process, and ends the process with its exit code.
func Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	code := run(ctx, os.Args[1:], process{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		getenv: os.Getenv, now: time.Now,
	})
	stop()
	os.Exit(code)
}
