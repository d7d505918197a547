package redact

import (
	"regexp"
	"slices"
	"strings"
)

// valued are the flags of the command whose values are words of the command's
// own, and of which nothing is replaced that looks like one.
var valued = []string{
	"--baseline", "--framework", "--format", "--now", "--fail-under", "--oscal-version", "--oscal-observations", "--oscal-subjects",
	"--oscal-target", "--ocsf-version", "--from", "--regions",
}

// users are the flags that take a value of the user's. --redact is none of them:
// it has a value only behind an equals sign.
var users = []string{
	"--out", "-o", "--profile", "--catalog", "--narrative-template", "--system", "--marking", "--oscal-poam", "--ssp", "--sign", "--package",
	"--accounts", "--role-arn", "--external-id", "--aws-profile", "--snapshots", "--kms-key-id", "--bucket-owner",
}

var (
	ownValue = regexp.MustCompile(`^[A-Za-z0-9.,:%+-]{1,80}$`)
	flagName = regexp.MustCompile(`^(?:--[a-z][a-z-]{0,30}|-[a-z])$`)
)

// Command returns a command line of shca without what the user named: flags and
// their choices stay, files become pseudonyms, and other values are redacted.
// args begin with the program.
func (r *Redactor) Command(args []string) []string {
	var all []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if i == 0 {
			all = append(all, "shca")
			continue
		}
		name, value, has := strings.Cut(arg, "=")
		if !strings.HasPrefix(arg, "-") || arg == "-" || arg == "--" || !flagName.MatchString(name) {
			if i > 1 || arg != "assess" {
				arg = r.argument(arg)
			}
			all = append(all, arg)
			continue
		}
		if has {
			all = append(all, name+"="+r.value(name, value))
			continue
		}
		all = append(all, name)
		if i+1 < len(args) && (slices.Contains(valued, name) || slices.Contains(users, name)) {
			i++
			all = append(all, r.value(name, args[i]))
		}
	}
	return all
}

func (r *Redactor) argument(arg string) string {
	if arg == "--" {
		return arg
	}
	return r.path(arg)
}

func (r *Redactor) value(flag, value string) string {
	if slices.Contains(valued, flag) && ownValue.MatchString(value) {
		return value
	}
	if slices.Contains(valued, flag) || flag == "--marking" {
		return wholly(value)
	}
	return r.argument(value)
}
