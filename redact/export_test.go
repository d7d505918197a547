package redact

import "github.com/go-shca/shca"

// What tests outside the package call of a redactor, besides what everybody may.

func (r *Redactor) ID(id string) string             { return r.id(id) }
func (r *Redactor) Name(name string) string         { return r.name(name) }
func (r *Redactor) Account(id string) string        { return r.account(id) }
func (r *Redactor) Path(name string) string         { return r.path(name) }
func (r *Redactor) Scope(s *shca.Scope) *shca.Scope { return r.scope(s) }
func (r *Redactor) Text(text string, names []string) string {
	return r.awsText(text, names)
}
func (r *Redactor) Finding(f *shca.Finding) (*shca.Finding, error) { return r.finding(f) }
