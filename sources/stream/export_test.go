package stream

import "io"

// Scan runs the scanner alone over r. It returns the descriptions of documents
// without findings, and what kept r from being read in full.
func Scan(r io.Reader, formats []Format, finding func(raw []byte, format int, broken error) bool) (others []string, err error) {
	s := &scanner{r: r, formats: formats, finding: finding}
	err = s.run()
	return s.others, err
}

// The errors that tests compare with.
var (
	ErrNotClosed  = errNotClosed
	ErrCutShort   = errCutShort
	ErrNotObject  = errNotObject
	ErrNotFinding = errNotFinding
	ErrListOpen   = errListOpen
	ErrListBroken = errListBroken
	ErrListCut    = errListCut
)
