# Everything that people and CI run. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

KUSTOMIZE_VERSION := v5.8.2
KUBESEAL_VERSION := v0.36.6
HELM_VERSION := v3.22.0
CACHE := $(CURDIR)/.cache
SOURCES := $(wildcard cmd commands gitops webhook)

# Tests find the commands that they compare with on the PATH.
export PATH := $(CACHE)/bin:$(PATH)

RUNS ?= 3
APPS ?= 200
FUZZTIME ?= 10s

# The race detector watches our own code, and not the database in Go: it is a third of the
# time of the stories.
RACE := -gcflags=modernc.org/...=-race=false

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

.PHONY: build
build: ## Build the program as bin/bot
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o bin/bot ./cmd/bot

# With CI set a test fails where it would be skipped for want of something installed.
.PHONY: test
test: export CI := true
test: ## Install what tests need, run every check and every test
	@.ci/deps
	@$(MAKE) --no-print-directory tools lint
	go test -race $(RACE) -shuffle=on -timeout=60m -skip='^Test(Truth.*|FluxTruth|ChaosService)$$' ./...
	go test -count=1 -timeout=10m -run='^Test(InputBound|ChaosService)$$' ./gitops/render ./cmd/bot
	@if [ -d ../shared/testdata ]; then $(MAKE) --no-print-directory truth; \
	else echo "../shared/testdata is not there: the comparison with real repositories is left out"; fi

.PHONY: lint
lint: ## Check format, go vet and staticcheck
	@unformatted=$$(gofmt -l $(SOURCES)); \
	if [ -n "$$unformatted" ]; then echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...

.PHONY: truth
truth: tools ## Compare every real case of ../shared/testdata with what kustomize gave
	go test -count=1 -v -timeout=30m -run='^TestTruth' ./cmd/bot

# The command is only for this: nothing else runs it. CHARTS is a list of directories, as
# PATH is, in which further charts are looked for.
.PHONY: truth-helm
truth-helm: export SEALIFT_CHARTS := $(CHARTS)
truth-helm: tools $(CACHE)/bin/.helm-$(HELM_VERSION) ## Compare charts with what the helm command renders (CHARTS=DIR:DIR adds real ones)
	go test -count=1 -v -timeout=30m -run='^TestTruthHelm' ./gitops/chart ./gitops/render ./commands

# Flux's own code is a module of its own: nothing of it is in the product.
.PHONY: truth-flux-kustomize
truth-flux-kustomize: tools ## Compare random Kustomizations with what Flux's own code builds
	cd gitops/render/testdata/fluxtruth && go build -o $(CACHE)/bin/fluxtruth .
	SEALIFT_FLUXTRUTH=$(CACHE)/bin/fluxtruth go test -count=1 -v -timeout=30m -run='^TestFluxTruth$$' ./gitops/render

# The API server is a module of its own too. Its first build takes about four minutes.
.PHONY: truth-apiserver
truth-apiserver: ## Compare what is refused with a Kubernetes API server, and etcd of Debian
	@command -v etcd >/dev/null || apt-get install -y -qq etcd-server
	cd gitops/check/testdata/apiserver && go build -o $(CACHE)/bin/kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
	SEALIFT_APISERVER=$(CACHE)/bin/kube-apiserver go test -count=1 -v -timeout=10m -run='^TestTruthAPIServer$$' ./gitops/check

.PHONY: bench
bench: tools ## Measure beside the kustomize command (RUNS=3 APPS=200; README=1 updates the table)
	go test -count=1 -v -timeout=4h -run='^TestBench$$' ./cmd/bot -args \
		-bench-runs=$(RUNS) -bench-apps=$(APPS) $(if $(README),-bench-readme)

.PHONY: chaos
chaos: tools ## Kill the queue, the service and PostgreSQL 50 times under load
	SEALIFT_CHAOS_KILLS=50 go test -count=1 -v -timeout=40m -p=1 -run='^TestChaos' ./webhook/queue ./cmd/bot

.PHONY: bench-service
bench-service: tools ## Measure the service: deliveries, latency, memory
	SEALIFT_LOAD=1 go test -count=1 -v -timeout=30m -run='^Test(Load|Latency|Memory)$$' ./cmd/bot

.PHONY: demo
demo: ## See it work on a sample repository
	go run ./cmd/bot demo

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME=10s, and fuzz-ledger
	@grep -rlE --include='*_test.go' '^func Fuzz' $(SOURCES) | sort | while read -r file; do \
		for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$$file"); do \
			echo "== $$(dirname "$$file") $$target"; \
			go test -run='^$$' -fuzz="^$$target$$" -fuzztime=$(FUZZTIME) -fuzzminimizetime=10x "./$$(dirname "$$file")" </dev/null; \
		done; \
	done
	@$(MAKE) --no-print-directory fuzz-ledger

EDITS ?= 20000

.PHONY: fuzz-ledger
fuzz-ledger: ## Look for a false "Nothing rendered changes" in EDITS=20000 random edits
	SEALIFT_LEDGER_EDITS=$(EDITS) go test -count=1 -v -timeout=2h -run='^TestLedgerNeverLies$$' ./commands

.PHONY: fmt
fmt: ## Format the code
	gofmt -w $(SOURCES)

.PHONY: docs
docs: ## Write the generated pages of docs/
	go test ./gitops/check -run='^TestDocs$$' -update
	go test ./cmd/bot -run='^Test(Config)?Docs$$' -update
	go test ./cmd/bot -run='^Test(CommandsPage|EnvironmentsPage|Console)$$' -update

.PHONY: clean
clean: ## Remove what was built and cached here
	rm -rf bin .cache

# What tests need: commands, and GitHub's own descriptions and client from npm.
.PHONY: tools
tools: $(CACHE)/bin/.kustomize-$(KUSTOMIZE_VERSION) $(CACHE)/bin/.kubeseal-$(KUBESEAL_VERSION) $(CACHE)/npm/.installed
	@.ci/deps --check

NPM_FILES := $(addprefix webhook/hub/testdata/npm/,package.json package-lock.json)

$(CACHE)/npm/.installed: $(NPM_FILES)
	@.ci/deps --check
	@mkdir -p $(CACHE)/npm && cp $(NPM_FILES) $(CACHE)/npm/
	npm ci --prefix $(CACHE)/npm --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(CACHE)/bin/.kustomize-$(KUSTOMIZE_VERSION):
	@mkdir -p $(CACHE)/bin
	GOBIN=$(CACHE)/bin go install sigs.k8s.io/kustomize/kustomize/v5@$(KUSTOMIZE_VERSION)
	@touch $@

$(CACHE)/bin/.kubeseal-$(KUBESEAL_VERSION):
	@mkdir -p $(CACHE)/bin
	GOBIN=$(CACHE)/bin go install github.com/bitnami-labs/sealed-secrets/cmd/kubeseal@$(KUBESEAL_VERSION)
	@touch $@

$(CACHE)/bin/.helm-$(HELM_VERSION):
	@mkdir -p $(CACHE)/bin
	GOBIN=$(CACHE)/bin go install helm.sh/helm/v3/cmd/helm@$(HELM_VERSION)
	@touch $@
