// Package testgen makes synthetic AWS Security Hub findings in ASFF, for tests
// and benchmarks of this module and for its sample estate. Accounts, resources
// and findings are invented; which checks exist and which NIST SP 800-53
// controls they relate to comes from package catalogs.
//
// The same options give the same bytes on every machine: randomness is seeded,
// time is a fixed moment of 2026 and no map is ranged over. Memory does not
// grow with the number of findings.
//
// Whatever the [Mode], one seed describes one estate: the same subjects (check,
// account, region, resource) with the same outcome, reported once per subject
// with consolidated control findings on and once per standard with it off. So
// an assessment must come to the same control results.
//
// The bytes may change from one version of the module to the next. Nothing
// here claims to be what AWS would report: the details of a resource do not
// depend on the outcome, and requirements of other frameworks than NIST SP
// 800-53 are made up.
package testgen
