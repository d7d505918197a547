# Everything a change must pass. `make check` is what a maintainer runs.

GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@latest
FUZZTIME ?= 10s

.PHONY: build test race lint fuzz check vuln bench estate

build:
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/shca ./cmd/shca

test:
	$(GO) test ./...

race:
	$(GO) test -race ./...

lint:
	test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(GO) mod tidy -diff
	$(GO) run $(STATICCHECK) ./...

fuzz:
	GO="$(GO)" scripts/fuzz.sh $(FUZZTIME)

check: lint test race fuzz

vuln: # asks a server for known vulnerabilities
	$(GO) run $(GOVULNCHECK) ./...

bench:
	scripts/bench.sh

estate: # write examples/estate anew
	$(GO) run ./internal/testgen/cmd -estate examples/estate
