# Confab. `make run` starts a server, `make test` checks everything; both set up what they need on a Debian machine that
# has Go and Node.js.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GO      ?= go
WEB     := $(shell find web -name node_modules -prune -o -name dist -prune -o -type f -print)

.PHONY: run build test lint unit e2e bench clean

## run: build and start a server with SQLite in ./data
run: build
	./bin/confab serve

## build: the whole program, web app included, in bin/confab
build: bin/confab

## test: formatting and static checks, unit and integration tests on both databases, browsers end to end
test: lint unit e2e

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

web/app/dist/index.html: web/node_modules/.package-lock.json $(WEB)
	cd web && npm run build
	@touch web/app/dist/.gitkeep $@

.PHONY: bin/confab
bin/confab: web/app/dist/index.html
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $@ ./cmd/confab

## lint: gofmt, go vet, staticcheck, biome, tsc
lint: web/node_modules/.package-lock.json
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	  if [ -n "$$unformatted" ]; then echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; fi
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	cd web && npm run lint && npm run typecheck

## unit: everything but the browsers, on real PostgreSQL and real SQLite. The SFU's own tests hold calls in real time, with
## Chromium and over paths of known width; they have the machine to themselves, because a busy one is another path.
unit: web/app/dist/index.html
	scripts/need-debian postgresql:/usr/lib/postgresql/*/bin/initdb gcc:gcc libc6-dev:/usr/include/stdio.h iproute2:ip nftables:nft \
	  miniupnpd-nftables:miniupnpd chromium:chromium
	$(GO) test -race -timeout 20m $$($(GO) list ./... | grep -v '/sfu$$')
	$(GO) test -race -timeout 20m ./sfu
	cd web && npm test

## e2e: two Chromium browsers with fake cameras against bin/confab, on SQLite and on PostgreSQL
e2e: build
	scripts/need-debian postgresql:/usr/lib/postgresql/*/bin/initdb chromium:chromium
	cd web && npm test --workspace e2e

## bench: the packet path and the message path, with allocations
bench: web/app/dist/index.html
	$(GO) test -run '^$$' -bench . -benchmem ./...

clean:
	rm -rf bin web/node_modules web/app/dist/assets web/app/dist/index.html
