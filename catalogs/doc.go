// Package catalogs knows the frameworks that findings are assessed against:
// their controls, their baselines, and the published tables that say which
// check is evidence for which control. It is for the code that maps findings
// to controls and for users who bring an OSCAL catalog or profile of their
// own ([ReadCatalog], [ResolveProfile]).
//
// The facts are embedded; the package opens no connection and reads no file
// but those the caller names and those a profile imports. They come from
//
//   - NIST SP 800-53 Rev. 5, release 5.2.0: controls, titles, withdrawals
//   - NIST SP 800-53B: baselines low, moderate, high and privacy
//   - FedRAMP Rev. 5 baselines: low, moderate, high and LI-SaaS
//   - AWS Security Hub user guide, "NIST SP 800-53 Rev. 5 in Security Hub":
//     checks and their controls
//   - DISA CCI list of 2023-06-07: CCI items and their controls
//
// The tables say what the publishers say, oddities included: Security Hub's
// check SageMaker.4 names SA-13 and CCI-002734 stands for SI-7(13), both
// withdrawn from the catalog. Control texts, parameters and assessment
// objectives are not part of the package.
//
// Everything here may be used from several goroutines at once. What a method
// returns belongs to the caller, who may change it without effect on others.
//
// The tables in data/ are written by the program in generate/, which also
// checks them.
package catalogs
