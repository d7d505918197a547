// Package awsfake answers HTTP requests as the AWS services do that shca calls,
// for tests: the AWS SDK is pointed at [Server.URL] by its endpoint URL and does
// not notice. It speaks for Security Hub, STS, Account Management,
// Organizations, Config, Audit Manager and S3, keeps the documented request
// rates, and misbehaves when told to.
//
// The service and the Region of a request are those of the credential scope in
// its Authorization header, the account is the one that its access key belongs
// to. Signatures are not verified beyond their time.
//
// What it does not do: answer any other operation, ignore a parameter that it
// does not know (it refuses the request instead), keep anything on disk, or
// tell how AWS behaves where the API reference and the SDK are silent. Nothing
// but tests may depend on it.
package awsfake
