# Everything works on a fresh machine with Go and make alone, unless its line says otherwise.

TAGS      := -tags nomsgpack
SERVICES  := attachments heard ingest keys read token
MODULES   := pkg $(SERVICES:%=services/%)
ALL       := $(MODULES) hack hack/tools
KUBE      := hack/kube hack/kube/schemas
TESTFLAGS ?= -timeout 15m
FUZZTIME  ?= 10s
CLUSTER   ?= kind
HELM      := $(if $(shell command -v helm),,bin/kube) # the pinned one, where there is none

.PHONY: help dev split build test crash bench fuzz lint fmt tidy generate verify vuln images chart chart-page cluster-e2e cluster-proof kind-up kind-down

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

dev: ## build and run all of Heard in one process on 127.0.0.1:8080, data in .heard/
	@go build $(TAGS) -o bin/heard ./services/heard/cmd/heard
	@exec bin/heard serve

split: ## the same as five processes, on the MongoDB, Redis and S3 that HEARD_MONGO_URI, HEARD_REDIS_URL, HEARD_S3_… name
	@$(call proof,split)

build: ## the six binaries, in bin/
	go build $(TAGS) -trimpath -ldflags "-s -w" -o bin/ $(foreach s,$(SERVICES),./services/$(s)/cmd/$(s))

test: ## every test, which needs bash, git, tar and curl too; those of networked stores too where HEARD_TEST_REDIS_URL, HEARD_TEST_MONGO_URI, HEARD_TEST_S3_… name some
	go test $(TAGS) $(RACE) $(TESTFLAGS) work
	GOWORK=off go -C hack test $(TAGS) $(RACE) $(TESTFLAGS) -count=1 ./...

crash: ## kill processes while clients submit: what was accepted is there, once
	@$(call proof,crash)

bench: ## requests per second, latency and CPU, beside a bare gin handler and a bare store
	@$(call proof,bench)

fuzz: ## every fuzz target for FUZZTIME (10s)
	@grep -roE --include='*_test.go' '^func Fuzz[A-Za-z]+' $(MODULES) | sed -E 's|/[^/]*:func | |' | while read -r folder name; do \
		$(call fuzzed,$$folder,$$name) || $(call fuzzed,$$folder,$$name) || exit; done

fmt: bin/tools ## format the code as the linters want it
	bin/tools/gofumpt -w pkg services hack

lint: bin/tools ## gofumpt, vet and staticcheck
	@unformatted=$$(bin/tools/gofumpt -l pkg services hack); [ -z "$$unformatted" ] || { echo "run make fmt:" $$unformatted; exit 1; }
	@for m in $(MODULES) hack; do echo vet and staticcheck $$m; \
		(cd $$m && export GOWORK=off && go vet $(TAGS) ./... && $(CURDIR)/bin/tools/staticcheck $(TAGS) ./...) || exit; done

tidy: ## bring every go.mod in line
	go work sync
	@for m in $(ALL) $(KUBE); do GOWORK=off go -C $$m mod tidy || exit; done

generate: ## write the OpenAPI document and the golden files anew
	go test $(TAGS) ./services/heard ./pkg/dialect -run 'Published|EveryDialect' -update
	GOWORK=off go -C hack test $(TAGS) ./chart -run Routes -update

cluster-e2e: $(HELM) ## on CLUSTER (kind, or current: kubectl's): install the chart, every surface's suite through its gateway, a rolling update under load
	@$(call oncluster,TestTheChart|TestEveryServiceScalesAlone|TestNothingFails) -short

cluster-proof: $(HELM) ## rolling updates, evictions, autoscaling, upgrades, kills and outages under load, on CLUSTER; half an hour
	@$(call oncluster,TestNothing|TestEvery)

chart: bin/kube ## the chart's page, its golden renders, their schemas, and what it promises of every pod, policy and route; with UPDATE=-update written anew
	@$(if $(UPDATE),$(MAKE) --no-print-directory chart-page,$(call idle,chart-page,-- charts/heard/README.md))
	bin/kube/helm-unittest charts/heard
	PATH=$(CURDIR)/bin/kube:$$PATH GOWORK=off go -C hack test -tags "nomsgpack chart" -count=1 ./chart $(UPDATE)

chart-page: bin/kube ## the chart's README.md, out of README.md.gotmpl and the remarks in values.yaml
	bin/kube/helm-docs --chart-search-root charts --sort-values-order file --log-level warning

kind-up: bin/kube ## a kind cluster with a gateway, stores, Heard and its demo; needs kubectl, and an engine such as Docker
	GOWORK=off go -C hack build $(TAGS) -o ../bin/hack/cluster ./cmd/cluster && k8s/kind/up

kind-down: bin/kube ## and forget it
	bin/kube/kind delete cluster --name heard

images: ## the container images, as archives in bin/images; with IMAGES="-registry … -tag … -push" to a registry
	@$(call proof,images) $(IMAGES)

verify: lint ## what CI checks besides the tests: linters, generated files, modules
	@$(call idle,tidy,-- '*go.mod' '*go.sum' '*go.work.sum')
	@$(call idle,generate,-- pkg)
	@for m in $(MODULES) hack; do echo build $$m alone; GOWORK=off go -C $$m build $(TAGS) ./... || exit; done
	@twice=$$(sed -nE 's/^(require )?[[:space:]]*([^ ]+) (v[0-9][^ ]*)( .*)?$$/\2 \3/p; s/^go .*/&/p' go.work $(ALL:%=%/go.mod) | \
		sort -u | cut -d' ' -f1 | uniq -d); [ -z "$$twice" ] || { echo "not of one version everywhere:" $$twice; exit 1; }

vuln: bin/tools ## known vulnerabilities in what is called; needs their database
	@for m in $(MODULES); do out=$$(GOWORK=off bin/tools/govulncheck -C $$m $(TAGS) ./... 2>&1) || case $$out in \
		*"fetching vulnerabilities"*) echo "NOT CHECKED: the vulnerability database cannot be reached from here"; exit 0;; \
		*) echo "$$out"; exit 1;; esac; echo no known vulnerability in $$m; done

# KUBE's versions are no part of what verify wants to be the same everywhere: they are those that Kubernetes' own tools were
# made with, whose code never meets ours.
bin/kube: hack/kube/go.mod
	GOWORK=off GOBIN=$(CURDIR)/bin/kube go -C hack/kube install tool && touch $@

bin/tools: hack/tools/go.mod
	GOWORK=off GOBIN=$(CURDIR)/bin/tools go -C hack/tools install tool && touch $@

# fuzzed fuzzes one target. Go's engine now and then takes the end of its own time for a failure, so one is tried again; an
# input that really fails is written down by then, and fails at once.
fuzzed = go test $(TAGS) ./$(1) -run '^$$' -fuzz "^$(2)$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x </dev/null

# oncluster runs tests that need a cluster, one after the other.
oncluster = PATH=$(CURDIR)/bin/kube:$$PATH HEARD_CLUSTER=$(CLUSTER) GOWORK=off go -C hack test -tags 'nomsgpack cluster' ./cluster -count=1 -v -timeout 60m -run '$(1)'

# proof builds a command of hack and becomes it, so that it stands in this folder and hears signals itself.
proof = GOWORK=off go -C hack build $(TAGS) -o ../bin/hack/$(1) ./cmd/$(1) && exec bin/hack/$(1)

# idle makes a target and fails when that changed the files named.
idle = before=$$(git diff $(2) | cksum); $(MAKE) --no-print-directory $(1) && [ "$$before" = "$$(git diff $(2) | cksum)" ] || \
	{ git --no-pager diff --stat $(2); echo "make $(1) changes these: commit the result"; exit 1; }
