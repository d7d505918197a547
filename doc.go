// Package shca holds the model of an automated control assessment: the
// findings that AWS Security Hub and its peers report, the checks that made
// them, the NIST SP 800-53 controls they are evidence for, and the assessment
// that results. It is for Go programs that read findings, assess a baseline or
// write artifacts of an RMF / ATO package, and it is the vocabulary of the
// command shca.
//
// The package is data and its laws only. It reads no file, opens no
// connection, knows no output format and imports nothing but the standard
// library; sources/, mapping/ and render/ do the work.
//
// # Flow
//
//	sources/*  ── Record ──▶  redact  ── Record ──▶  mapping  ── *Assessment ──▶  render/*
//	(Finding | Setting |      (if asked:             spool: sort, keep newest    range over Findings,
//	Evidence | Scope |        pseudonyms)            Accumulator: per check      read Controls, Checks
//	Input)                                           Evaluate: checks → controls
//
// A [Source] pushes records through an iterator: findings, settings of checks,
// evidence that is no finding, scopes that were looked at, and inputs that were
// read. Package redact stands behind it where
// that is asked for, and replaces what names the estate: no renderer is given a
// name, and originals go along for mapping alone. Package mapping sorts the
// findings outside memory, keeps the newest copy of each, folds them into one
// [CheckResult] per check and derives one [ControlResult] per control. A renderer
// pulls from the finished [Assessment]: it ranges over Findings as often as it
// likes and never changes what it is given. The manifest is rendered last.
//
// Memory does not grow with the number of findings: it is one batch of the
// sort, plus the checks with a bounded number of samples each, plus the
// controls.
//
// # Glossary
//
//	finding      one check's outcome on a resource (ASFF finding, OCSF class 2003)
//	check        what Security Hub calls a security control: "S3.8" (CheckID)
//	control      a NIST SP 800-53 control: OSCAL id "ac-2.1" (ControlID), printed AC-2(1)
//	requirement  the string in Compliance.RelatedRequirements: "NIST.800-53.r5 AC-2(1)"
//	framework    the catalog of controls assessed against: nist-800-53-r5
//	baseline     the selection of controls the system must meet (an OSCAL profile)
//	assessment   the act of assessing and its result
//	setting      whether a check runs in an account and Region (CheckSetting)
//	inventory    all settings that were read
//	disabled     of a check: no standard runs it, so it writes no findings
//	evidence     what a control's assessment rests on; Evidence is what is no finding
//	rule         a rule of AWS Config; many checks are the outcome of one
//	duplicate    a finding that says what another one says, which counts instead
//	input        a file that findings were read from (Input)
//	scope        account, region and source that was looked at
//	artifact     one written file
//	manifest     the artifact that lists all others with sizes and SHA-256
//	package      all artifacts of one assessment: a directory, or a zip archive of it
//	redacted     with pseudonyms in place of what names the estate
//	pseudonym    what a secret key makes of a name: the same of the same, everywhere
//	suppressed   ASFF Workflow.Status SUPPRESSED: listed, never scored
//	archived     ASFF RecordState ARCHIVED: counted, left out
//	decided      the finding says PASSED or FAILED
//	undecided    the finding says WARNING or NOT_AVAILABLE
//	pass rate    passed / (passed + failed), over decided findings
//	coverage     baseline controls with a decided finding / baseline controls
//
// # Numbers
//
// What each number means is decided in one place, docs/numbers.md, and holds
// in every artifact. Passing automated checks is evidence for a part of a
// control, never proof that the control is satisfied; what was not looked at
// has not passed and has no percentage.
package shca
