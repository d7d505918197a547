// Package validate checks OSCAL documents: JSON files of every kind and of
// OSCAL 1.0.0 to 1.2.3. It is for programs that write or receive such files and
// for the command "shca validate". It opens no network connection.
//
// Three layers are checked: NIST's JSON schema of the version that the document
// declares (rule "schema"), the constraints of NIST's metaschema that a JSON
// schema cannot express (rules "oscal-…"), and the references between objects,
// for which NIST has no rule (rules "X-…", listed in rules.go). Duplicate keys
// and a byte order mark, which readers of JSON treat differently, are errors of
// the rule "json".
//
// Documents are read as a stream, twice: the long arrays (observations, risks,
// findings, items of a POA&M, inventory items) are checked element by element,
// and only the UUIDs and ids in them are kept. The rest of a document is held in
// memory and limited to 64 MiB of text.
//
// What a document imports (an assessment plan, a system security plan, a
// profile, a catalog) is read if it is a local file named by a relative path,
// also through a resource of the back matter. What is defined there counts as
// defined. It is not validated itself: name it as a file of its own for that.
// Where an import cannot be read, what may be defined in it is a warning instead
// of an error, and control ids are checked only against a catalog that was
// reached.
//
// Not promised: the wording of messages, and that a document without messages
// is accepted by every consumer of OSCAL.
package validate
