package show_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/go-shca/shca/internal/show"
)

func TestVisible(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""}, {"plain text", "plain text"}, {"naïve – 漢字 🔒", "naïve – 漢字 🔒"},
		{"a\r\nb\rc\u2028d\u0085e", "a\nb\nc\nd\ne"}, {"a\tb", "a b"},
		{"a\x00\x1b[31mb\x7f", "a\ufffd\ufffd[31mb\ufffd"}, {"a\xffb", "a\ufffdb"},
		{"abc\u202ecba\u202c \u200fx \u2066y", "abc\ufffdcba\ufffd \ufffdx \ufffdy"},
		{"a\u200db\u200cc", "a\u200db\u200cc"}, {"\ufeffa\u00adb\ue000\ufffe", "\ufffda\ufffdb\ufffd\ufffd"},
	} {
		if got := show.Visible(test.in); got != test.want {
			t.Errorf("%q: %q, want %q", test.in, got, test.want)
		}
	}
	if got, want := show.OneLine(" a \n\n b\t c\u00a0d "), "a b c d"; got != want {
		t.Errorf("one line: %q, want %q", got, want)
	}
}

func FuzzVisible(f *testing.F) {
	f.Add("a\u202eb\x00\xff\r\n")
	f.Fuzz(func(t *testing.T, s string) {
		got := show.Visible(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool {
			return r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
		}) {
			t.Errorf("%q: %q", s, got)
		}
		if show.Visible(got) != got {
			t.Errorf("%q: a second time changes %q", s, got)
		}
	})
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		in    string
		limit int
		want  string
	}{{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"äöüß", 4, "äöüß"}, {"äöüßx", 4, "äöü…"}, {"", 1, ""}} {
		if got := show.Cut(test.in, test.limit); got != test.want {
			t.Errorf("%q to %d: %q, want %q", test.in, test.limit, got, test.want)
		}
	}
}

func TestLink(t *testing.T) {
	for address, want := range map[string]string{
		"https://docs.aws.amazon.com/console/securityhub/S3.8/remediation": "AWS docs",
		"https://example.org/a?b=c#d":                                      "example.org",
		"":                                                                 "", "http://example.org": "", "javascript:alert(1)": "", "https://": "", "https:///x": "",
		"https://docs.aws.amazon.com@evil.example/": "", "https://a.example/\"onclick=": "", "https://a.example/ b": "",
		"https://docs.aws.amazon.com:443/x": "", "https://xn--e1awd7f.example/": "xn--e1awd7f.example", "https://ехample.org/": "",
		"https://a.example/" + strings.Repeat("x", 500): "", "HTTPS://a.example": "a.example",
	} {
		if got, ok := show.Link(address); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v, want %q", address, got, ok, want)
		}
	}
}
