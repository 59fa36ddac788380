# The commands of this project; `make help` lists them.

# Programs are built once here, so that a run starts the same binaries throughout.
BIN := bin
# When make began, from which the time of a run counts: the build is part of it.
BEGAN := $(shell date +%s)
# How long `make bench` may take, such as FOR=20min for narrower intervals.
FOR ?= 4min
# What `make test` tests.
PKGS ?= ./...
# Each run has a directory of its own: RUN=… names it.
ifndef RUN
RUN := results/runs/$(shell date -u +%Y%m%d-%H%M%S)
endif
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

.DEFAULT_GOAL := help
.PHONY: help bench bench-short test test-hostile planted verify-bytes lint vuln plots reference serve clean build

help: ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

build:
	@mkdir -p $(BIN)
	@go build -o $(BIN)/ ./servers ./loadgen ./plots

# measure FLAGS: the headline scenario, its figures and the last screen. The
# exit code of loadgen counts, once what it has measured is shown.
define measure
	@$(BIN)/loadgen doctor scenarios/headline.yaml
	@echo
	@code=0; $(BIN)/loadgen $(1) -servers $(BIN)/servers -out $(RUN) scenarios/headline.yaml || code=$$?; \
	case $$code in 0|3) $(BIN)/plots $(RUN)/headline.jsonl || code=$$?;; esac; exit $$code
endef

bench: build ## measure this machine: the headline comparison, within five minutes; FOR=20min has narrower intervals
	$(call measure,-for $(FOR) -since $(BEGAN))

bench-short: build ## the same in under a minute: answers with wide intervals, too short to publish
	$(call measure,-short -for 45s -since $(BEGAN))

test: ## run every test, with the race detector where there is a C compiler
	@.ci/test $(PKGS)

test-hostile: ## run every test on hosts that are not like this one, each simulated; HOSTS="booted busy" for some
	@.ci/hostile $(HOSTS)

planted: ## see that a planted delay, planted bytes and planted CPU are found, on a real server
	go test -count=1 -v -tags planted -run TestPlanted ./loadgen

verify-bytes: ## hold every count of bytes against a packet capture, layer by layer
	go test -count=1 -v -run TestBytesAgainstCapture ./loadgen/trial

lint: ## gofmt, go vet, staticcheck, import rules, and that it builds on every platform
	@out=$$(gofmt -l .); if [ -n "$$out" ]; then echo "gofmt would change:"; echo "$$out"; exit 1; fi
	go vet ./...
	go run $(STATICCHECK) ./...
	go test -run 'TestImportRules|TestPlatforms' ./loadgen

vuln: ## known vulnerabilities in what we import (says so where the database is out of reach)
	@go run $(GOVULNCHECK) ./... 2>/tmp/pushbench-vuln.$$$$ && code=0 || code=$$?; \
	if [ $$code -ne 0 ] && [ $$code -ne 3 ]; then echo "vuln: not checked, the vulnerability database cannot be reached from here"; code=0; fi; \
	rm -f /tmp/pushbench-vuln.$$$$; exit $$code

plots: build ## draw every committed figure and table again, from results/reference
	@rm -rf results/reference/figures
	@$(BIN)/plots -out results/reference/figures results/reference/*.jsonl >/dev/null || [ $$? -eq 3 ]
	@go test ./plots -run TestDocs -update >/dev/null
	@git status --short README.md results/reference

reference: build ## run a scenario anew as the committed reference: SCENARIO=headline
	@rm -f results/reference/$(SCENARIO).jsonl
	$(BIN)/loadgen -servers $(BIN)/servers -out results/reference scenarios/$(SCENARIO).yaml
	$(MAKE) plots

serve: build ## serve the feed on http://127.0.0.1:8080 until Ctrl-C
	@$(BIN)/servers -addr 127.0.0.1:8080

clean: ## remove what was built (results stay)
	rm -rf $(BIN)
