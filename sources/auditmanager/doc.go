// Package auditmanager reads the evidence that AWS Audit Manager collects: from
// answers of its API on disk, from assessment reports (zip), from what evidence
// finder exports (CSV), and live. It is for package sources, which opens files,
// for package collect, which pulls, and for readers of snapshots.
//
// # What evidence becomes
//
// A compliance check becomes findings: one for each resource that has an outcome
// of its own, and one for the resources that have none, or for the piece of
// evidence as a whole. It is a copy of what Security Hub or Config said, so the
// finding names the check as they do ("S3.8", "config-rule/…"), and no product
// ARN: it is not Security Hub's own finding.
//
// Everything else is evidence that is written down and never scored:
//
//   - manual evidence, one each, with its location, author and time;
//   - the review of a control: its status if that is REVIEWED, response, comments;
//   - user activity and configuration data, counted for each evidence folder;
//   - the documents of an assessment report, counted for each control.
//
// # Outcomes
//
// The outcome of a resource wins over that of the piece of evidence, and this
// over the attribute findingComplianceStatus. Case, blanks, dashes and
// underscores do not matter:
//
//	COMPLIANT PASS PASSED                               PASSED
//	NON_COMPLIANT FAIL FAILED                           FAILED
//	WARNING                                             WARNING
//	INCONCLUSIVE NOT_APPLICABLE NOT_AVAILABLE           NOT_AVAILABLE
//	INSUFFICIENT_DATA, and none at all                  NOT_AVAILABLE
//
// Any other is an error that names the piece of evidence. Audit Manager gives no
// outcome where Security Hub or Config is not enabled (API reference, "Evidence",
// complianceCheck), so none where a check is expected is NOT_AVAILABLE, with the
// reason NO_OUTCOME. Evidence of a kind that is not known and without an outcome
// becomes a finding without status, which is listed and never scored.
//
// # Controls
//
// The requirement of evidence is its control's id with the revision of NIST
// SP 800-53 in front, "NIST.800-53.r5 AC-2(1)". The revision is the one that the
// control's name says, else that of the framework's name or compliance type. Where
// none of them names a revision, an id of one of the 20 families of SP 800-53 in
// front of the control's name counts as one of Revision 5, the only one in force
// since 2021, be the framework custom or not, unless the framework or its type
// names another standard (ISO, PCI, SOC 2, HIPAA, CIS, CSF, 800-171 and so on).
// Everything else keeps the control's name as written, which no mapping reads.
//
// # Ids
//
// Audit Manager collects the same again every day. A finding's id is a hash of its
// control, data source, check, account, Region and resource, so that the newest
// evidence of a subject counts and the older is superseded. Evidence without a
// resource has its own id in it besides, and evidence that has not even that, the
// place where it was read: it never supersedes anything. Where such evidence names
// no check either, its resource is the piece of evidence itself.
//
// The package makes no request but those of Service, and judges nothing.
package auditmanager
