package manifest

// For tests of package manifest_test.
var (
	VerifyZip    = verifyZip
	ReadManifest = readManifest
	ReadEnvelope = readEnvelope
	States       = (*signed).states
	By           = (*signed).by
	Contents     = func(sha256 string) *contents { return &contents{sha256: sha256} }
)
