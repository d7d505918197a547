// Package constraints checks OSCAL documents against the constraints that
// NIST's metaschema states beside the structure of a document: which values a
// property may have where, which references must resolve, what must be unique.
// The JSON schemas carry few of them, so that a document may satisfy its schema
// and still be rejected by NIST's own tools.
//
// The constraints are facts, not code: data/constraints.json holds those of
// OSCAL 1.1.3 and 1.2.2 and data/model.csv which parts a document has, both
// written by the generator from NIST's files. Documents of OSCAL 1.0 and 1.1
// are checked against 1.1.3, those of 1.2 against 1.2.2. What the package adds
// is an evaluator of the metapath expressions that occur in them, and the rules
// by which NIST's tools judge.
//
// Where what NIST wrote and what NIST meant differ, the package does what NIST's
// tools do, because they are what a document must get past: a reference that
// they cannot resolve fails here as well. One difference is on purpose: data types
// are what their definitions say, while NIST's tools take a relative reference
// for a uri and 2026-02-30 for a date.
//
// The package checks no structure: types, required members and patterns are
// the schema's business, and what has the wrong shape is passed over. It
// resolves nothing outside the document: doc() yields nothing, and references
// into imported documents, which NIST does not constrain, are not looked at.
package constraints
