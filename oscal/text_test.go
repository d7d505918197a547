package oscal

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// The patterns of NIST's JSON schema.
var (
	stringPattern = regexp.MustCompile(`^\S(.*\S)?$`)
	tokenPattern  = regexp.MustCompile(`^(\p{L}|_)(\p{L}|\p{N}|[.\-_])*$`)
	linePattern   = regexp.MustCompile(`^[^\n]+$`)
)

func TestPlain(t *testing.T) {
	for _, test := range []struct {
		in    string
		limit int
		want  string
	}{
		{"", 10, ""},
		{" a \t\r\n b\u2028c\ufeff ", 10, "a b c"},
		{"a\x00b\x1bc\x7f", 20, "a\uFFFDb\uFFFDc\uFFFD"},
		{"\xff\xfe", 20, "\uFFFD"},
		{"abcdef", 6, "abcdef"},
		{"abcdefg", 6, "abc…"},
		{"abé€defg", 6, "ab…"},
	} {
		if got := plain(test.in, test.limit); got != test.want {
			t.Errorf("plain(%q, %d) = %q, want %q", test.in, test.limit, got, test.want)
		}
	}
}

func TestMarkup(t *testing.T) {
	for in, want := range map[string]string{
		"S3 buckets should block public access": "S3 buckets should block public access",
		"*bold* [a](b) <script> `x`":            "\\*bold\\* \\[a\\](b) \\<script\\> \\`x\\`",
		"{{ insert: param, ac-1_prm_1 }}":       `\{\{ insert: param, ac-1_prm_1 \}\}`,
		"snake_case _em_ a_":                    `snake_case \_em\_ a\_`,
		"# no heading # here":                   `\# no heading # here`,
		"- no item - here":                      `\- no item - here`,
		"12. no item 1.2":                       `12\. no item 1.2`,
		`back\slash`:                            `back\\slash`,
		"a\n\n# b":                              "a # b",
		"&lt;b&gt;":                             `\&lt;b\&gt;`,
	} {
		if got := markup(in, 100); got != want {
			t.Errorf("markup(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestProse(t *testing.T) {
	in := "First *line*.\nFailing:\n- one_\n- two\n\nLast: x\n"
	want := "First \\*line\\*.\n\nFailing:\n\n- one\\_\n- two\n\nLast: x"
	if got := prose(in); got != want {
		t.Errorf("prose = %q, want %q", got, want)
	}
}

func TestToken(t *testing.T) {
	for in, want := range map[string]string{
		"ac-2.1": "ac-2.1", "S3.8": "S3.8", "_x": "_x", "é": "é",
		"1.4": "id-1.4-", "AC-2(1)": "AC-2_1_-", "": "id-", "../..": "id-.._..-", "aws:p q": "aws_p_q-",
	} {
		got := token(in)
		if got != want && !(strings.HasSuffix(want, "-") && strings.HasPrefix(got, want) && len(got) == len(want)+8) {
			t.Errorf("token(%q) = %q, want %q", in, got, want)
		}
	}
	if token("a b") == token("a:b") {
		t.Error("two texts give one token")
	}
}

func TestWebLink(t *testing.T) {
	for in, want := range map[string]string{
		"https://docs.aws.amazon.com/console/securityhub/S3.8/remediation": "https://docs.aws.amazon.com/console/securityhub/S3.8/remediation",
		" https://example.org/a b?q=c d|e#f ":                              "https://example.org/a%20b?q=c%20d%7Ce#f",
		"javascript:alert(1)":                                              "",
		"https://user:secret@example.org/":                                 "",
		"//example.org/x":                                                  "",
		"docs":                                                             "",
		"":                                                                 "",
		"https://exa mple.org":                                             "",
		"https://example.org/\xff":                                         "",
	} {
		if got := webLink(in); got != want {
			t.Errorf("webLink(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzText checks that any bytes give text that is legal where it lands.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a", " \n", "1.4", "=cmd|'/C calc'!A1", "\xff\x00", "https://a/?b=c d", "\u2028_x_", strings.Repeat("ab ", 3000), "[::1]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v := plain(s, 50); v != "" && (!stringPattern.MatchString(v) || len(v) > 50 || !utf8.ValidString(v)) {
			t.Errorf("plain(%q) = %q is no legal property value", s, v)
		}
		for _, p := range *props(prop("a", s), prop("b", "c")) {
			if !stringPattern.MatchString(p.Value) {
				t.Errorf("%q is no legal property value", p.Value)
			}
		}
		if v := token(s); !tokenPattern.MatchString(v) {
			t.Errorf("token(%q) = %q is no token", s, v)
		}
		if v := title(s, "none"); !linePattern.MatchString(v) || strings.Contains(v, "\r") {
			t.Errorf("title(%q) = %q is no markup-line", s, v)
		}
		if v := markup(s, 50); strings.Contains(regexp.MustCompile(`\\.`).ReplaceAllString(v, ""), "<") {
			t.Errorf("markup(%q) = %q has a bare <", s, v)
		}
		if v := webLink(s); v != "" {
			if u, err := url.Parse(v); err != nil || !u.IsAbs() || strings.ContainsAny(v, " <>\"{}|\\^`") {
				t.Errorf("webLink(%q) = %q is no URI", s, v)
			}
		}
	})
}
