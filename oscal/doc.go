// Package oscal writes an assessment as a linked package of OSCAL documents:
// catalog, profile, component definition, system security plan, assessment
// plan, assessment results, plan of action and milestones, and for OSCAL 1.2 a
// mapping collection. It is for GRC tools that import OSCAL and for Go programs
// that build such packages. Checking documents is the job of package validate
// below this one.
//
// Most programs write the package with package render, whose WriteDir puts all
// documents into one directory and carries on those that people edit. Results
// and Others write the same documents to writers of one's own: both must get the
// same assessment and options.
//
// Words are OSCAL's: an observation is what a check saw, a finding the conclusion
// about a control, a risk the weakness behind a failing check, an item of the plan
// of action and milestones (POA&M) what is done about it, a by-component the
// answer of a part of the system in its security plan (SSP).
//
// Documents keep to what OSCAL 1.1.2, 1.1.3 and 1.2 have in common, so that one
// code path serves every version. They are the same, byte for byte, for the
// same assessment: time comes from it, and every UUID is derived from what it
// stands for (see uuid.go).
package oscal
