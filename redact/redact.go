// Package redact replaces what names an estate in findings by stable
// pseudonyms: account ids, ARNs, names of resources, people and systems, and all
// texts that may hold one. It is for whoever hands an assessment to somebody who
// may not know the estate.
//
// [Source] redacts records between a source and the assessment, so that every
// artifact is redacted because nothing else ever reaches it. Nothing of a
// finding is passed on because it looks harmless: each field has a rule, what a
// rule keeps has to look like what AWS or a standard names, and the original
// record is not edited but written anew from the redacted fields.
//
// The numbers of an assessment stay what they were. The package does not assess,
// reads no findings and writes no artifact.
package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"hash"
	"strings"
	"sync"

	"github.com/go-shca/shca"
	"github.com/go-shca/shca/ocsf"
)

// Options say what is public knowledge, besides what the package knows of AWS.
// The zero value works, and replaces more.
type Options struct {
	// Check reports whether a check is one of a public table, which keeps its
	// id whoever reports it.
	Check func(shca.CheckID) bool
	// Words are those of public texts about checks, in any case. A name that is
	// one of them is not replaced inside a text of AWS: there it is AWS's word.
	Words []string
}

// Redactor makes pseudonyms. The same key makes the same of the same text, in
// every field and every run. Any number of goroutines may use it.
type Redactor struct {
	key    Key
	check  func(shca.CheckID) bool
	words  map[string]bool // lower case
	sums   sync.Pool       // of hash.Hash, keyed
	events *ocsf.Encoder

	mutex    sync.RWMutex
	accounts map[string]string // what account has made, at most maxAccounts
}

// maxAccounts bounds the accounts whose pseudonyms are remembered; those of
// others are made anew each time.
const maxAccounts = 20_000

// New returns a redactor with the key.
func New(key Key, o Options) *Redactor {
	events, err := ocsf.NewEncoder(ocsf.Options{Version: ocsf.V160})
	if err != nil {
		panic(err) // the version is one of the package's own
	}
	r := &Redactor{key: key, check: o.Check, words: map[string]bool{}, events: events, accounts: map[string]string{}}
	if r.check == nil {
		r.check = func(shca.CheckID) bool { return false }
	}
	for _, w := range append(strings.Fields(commonWords), o.Words...) {
		r.words[strings.ToLower(w)] = true
	}
	r.sums.New = func() any { return hmac.New(sha256.New, r.key[:]) }
	return r
}

// commonWords are names that people like to give to accounts and resources, and
// that AWS uses in sentences.
const commonWords = `access account accounts admin administrator all app application archive audit aws backup bucket billing central
	certificate cloud cluster config contact control core data database default deployment dev development domain email encryption events
	function global group infrastructure instance internal internet key lambda log logging logs main management master monitoring
	name names network networking operations organization owner password platform policy primary private prod production public queue resource
	role root secret security server service services shared snapshot standard storage system table test testing
	tools topic traffic trail user users vault version volume vpc web website workload workloads`

// sum is the keyed hash of a text. kind keeps the kinds of pseudonyms apart, so
// that one of them tells nothing about another.
func (r *Redactor) sum(kind byte, text string) (sum [sha256.Size]byte) {
	h := r.sums.Get().(hash.Hash)
	h.Reset()
	h.Write([]byte{kind})
	h.Write([]byte(text))
	h.Sum(sum[:0])
	r.sums.Put(h)
	return sum
}

// The kinds of pseudonyms.
const (
	ofName byte = iota
	ofUUID
	ofAccount // and the numbers above it, one for each round
)

// letters spell pseudonyms. There are few digits among them, so that no part of
// a pseudonym looks like an account id.
var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// token returns 13 letters for 65 bits: of ten million names, two share a token
// with a chance of 1 to 700,000.
func (r *Redactor) token(text string) string {
	sum := r.sum(ofName, text)
	return letters.EncodeToString(sum[:10])[:13]
}

// name returns the pseudonym of a name: "name-k3m7qabcdefgh". The pseudonym of
// no name is none.
func (r *Redactor) name(name string) string {
	if name == "" {
		return ""
	}
	return "name-" + r.token(name)
}

// text returns what stands for a whole text.
func (r *Redactor) text(text string) string {
	if text == "" {
		return ""
	}
	return redacted + " text-" + r.token(text)
}

// redacted stands for a text that nobody has to tell from another.
const redacted = "redacted"

// wholly replaces a text if there is one.
func wholly(text string) string {
	if text == "" {
		return ""
	}
	return redacted
}

// email returns an address at example.org, which RFC 2606 keeps free.
func (r *Redactor) email(address string) string {
	if address == "" {
		return ""
	}
	return r.name(address) + "@example.org"
}

// uuid returns a UUID of version 8 (RFC 9562), which is for such uses.
func (r *Redactor) uuid(text string) string {
	b := r.sum(ofUUID, strings.ToLower(text))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// account returns the pseudonym of an account: 12 digits for 12 digits. Two
// accounts never share one, since the pseudonyms are a permutation of all
// numbers of 12 digits (a Feistel network of ten rounds): a shared one would
// change numbers, and would be likely at 40 bits. What is no account id is
// replaced as any identifier is.
func (r *Redactor) account(id string) string {
	if !shca.IsAccountID(id) {
		return r.id(id)
	}
	r.mutex.RLock()
	known, ok := r.accounts[id]
	r.mutex.RUnlock()
	if ok {
		return known
	}
	const half = 1_000_000
	var left, right uint64
	for i := range 6 {
		left, right = left*10+uint64(id[i]-'0'), right*10+uint64(id[i+6]-'0')
	}
	for round := range byte(10) {
		sum := r.sum(ofAccount+round, fmt.Sprintf("%06d", right))
		left, right = right, (left+binary.BigEndian.Uint64(sum[:])%half)%half
	}
	made := fmt.Sprintf("%06d%06d", left, right)
	r.mutex.Lock()
	if len(r.accounts) < maxAccounts {
		r.accounts[strings.Clone(id)] = made
	}
	r.mutex.Unlock()
	return made
}
