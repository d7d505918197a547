package catalogs_test

import "testing"

func BenchmarkRequirement(b *testing.B) {
	f := nist(b)
	for b.Loop() {
		f.Requirement("NIST.800-53.r5 AC-2(1)")
		f.Requirement("PCI DSS v3.2.1/2.1")
	}
}

func BenchmarkIsStandard(b *testing.B) {
	f := nist(b)
	for b.Loop() {
		f.IsStandard("standards/aws-foundational-security-best-practices/v/1.0.0")
		f.IsStandard("standards/nist-800-53/v/5.0.0")
	}
}
