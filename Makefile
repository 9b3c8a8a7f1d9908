# Each target does its own set-up: packages come with npm, k6 and Prometheus from PATH, the cache, or a Go build.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# Scenarios in which most can go wrong.
RISKIEST := restart spike bucket-edge
# The mesh of make demo-kind (default: linkerd) and make test-kind (default: simulated).
MESH ?=
# Further arguments of make faults, as in FAULTS='--repeat 3 --clean 100 --pairs 30'.
FAULTS ?=
.PHONY: help demo demo-kind faults test test-kind soak lint pack setup check-node clean distclean

NODE := node_modules/.bin/node
# A copy of the lock file that was installed.
INSTALLED := node_modules/.installed-lock.json

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup ## Bring up a simulated mesh, drive it, and prove what Prometheus says about it
	@$(NODE) harness/cli/main.ts run scenarios/baseline.yaml

demo-kind: setup ## The same in a kind cluster with Linkerd (Docker is needed); MESH=simulated without its images
	@$(NODE) harness/cli/main.ts run scenarios/baseline.yaml --environment kind --mesh $(or $(MESH),linkerd)

faults: setup ## Provoke every failure of telemetry, and score what the diagnosis makes of them (some 20 minutes)
	@$(NODE) harness/cli/main.ts faults $(FAULTS)

test: lint ## Everything: lint, types, import rules, all tests
	@tools="$$($(NODE) harness/tools/main.ts k6 prometheus promtool)"; eval "$$tools"; $(NODE) node_modules/vitest/vitest.mjs run

test-kind: setup ## Tests on a real cluster (left out where there is no Docker); MESH=linkerd for the real one
	@if docker info >/dev/null 2>&1; then \
	  tools="$$($(NODE) harness/tools/main.ts k6 prometheus kind)"; eval "$$tools"; \
	  MESHPROOF_TEST_MESH=$(or $(MESH),simulated) $(NODE) node_modules/vitest/vitest.mjs run --config vitest.kind.config.ts; \
	else \
	  echo "test-kind: no Docker engine answers here, so the tests on a real cluster are left out"; \
	fi

soak: setup ## The suite five times, its riskiest scenarios twenty times: no false fail, nothing inconclusive
	@for i in 1 2 3 4 5; do \
	  $(NODE) harness/cli/main.ts run scenarios --parallel 2 --reporter json | tail -n 2; \
	done
	@for i in $$(seq 20); do \
	  $(NODE) harness/cli/main.ts run $(RISKIEST:%=scenarios/%.yaml) --parallel 2 --reporter json | tail -n 2; \
	done

lint: setup ## Lint and format check, types, import rules
	@$(NODE) node_modules/.bin/biome check --error-on-warnings .
	@$(NODE) node_modules/.bin/tsc -p .
	@$(NODE) tools/imports/main.ts

pack: setup ## The npm package as a tarball: meshproof-<version>.tgz
	@npm pack --loglevel=error

setup: check-node
	@if ! cmp -s package-lock.json $(INSTALLED); then \
	  echo "installing packages (npm ci)"; \
	  npm ci --prefer-offline --no-audit --no-fund --loglevel=error; \
	  cp package-lock.json $(INSTALLED); \
	fi
	@$(NODE) --version >/dev/null 2>&1 || { \
	  echo "error: the package \"node\" is not installed whole; allow npm to run its install script (ignore-scripts=false), then: make distclean" >&2; exit 1; }

check-node:
	@command -v node >/dev/null || { echo "error: Node.js 20 or later is needed, and there is no node on PATH (https://nodejs.org)" >&2; exit 1; }
	@node -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)' || { \
	  echo "error: Node.js 20 or later is needed; $$(command -v node) is $$(node --version) (https://nodejs.org)" >&2; exit 1; }
	@command -v npm >/dev/null || { echo "error: npm is needed, and there is none on PATH; it comes with Node.js (https://nodejs.org)" >&2; exit 1; }

clean: ## Delete the results of runs, and what was built
	@find results -mindepth 1 -maxdepth 1 ! -name README.md ! -name "*.schema.json" -exec rm -rf {} +
	@rm -rf coverage dist meshproof-*.tgz

distclean: clean ## Delete the installed packages too
	@rm -rf node_modules
