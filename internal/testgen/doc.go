// Package testgen makes synthetic AWS Security Hub findings, in ASFF and in what
// OCSF there is of them, for tests and benchmarks of this module and for its
// sample estate. Accounts, resources and findings are invented; which checks
// exist and which NIST SP 800-53 controls they relate to comes from package
// catalogs.
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
// The same holds for formats: what Security Hub's second version writes of an
// estate in OCSF, together with what Prowler writes of it in its own dialect,
// comes to the control results of Security Hub's and Prowler's findings in ASFF.
//
// The bytes may change from one version of the module to the next. Nothing
// here claims to be what AWS would report: the details of a resource do not
// depend on the outcome, and requirements of other frameworks than NIST SP
// 800-53 are made up. Findings of all products together ([Options.Products]) use
// every object of ASFF but the details of most resource types, in values as products
// write them and in rarer ones.
package testgen
