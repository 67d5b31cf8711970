# The commands of Myelin. `make` alone lists them.

SHELL := /bin/bash
export PATH := $(HOME)/.cargo/bin:$(PATH)
# Outside of the checkout, so that a fresh clone starts where the last one ended.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/myelin/target

.PHONY: help
help: ## List these commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

.PHONY: setup
setup: ## Install what is missing to build
	@scripts/setup

.PHONY: up
up: setup ## Build, and run a local network until Ctrl-C
	@scripts/up

.PHONY: check
check: setup ## Run the quick checks before a commit (minutes)
	@scripts/check

.PHONY: test
test: setup ## Run every check and every test
	@scripts/test

.PHONY: nightly
nightly: setup ## Run what is slow, random or needs the network (hours)
	@scripts/nightly

.PHONY: tools
tools: setup ## Install the tools that checks use, where they are missing or older
	@scripts/tools

.PHONY: fix
fix: setup ## Repair formatting, lints and spelling
	@scripts/fix

.PHONY: accept
accept: setup ## Take over generated files, and print which changed
	@scripts/accept

.PHONY: blob
blob: setup ## Build the runtime of a release, and print its hash
	@scripts/blob

.PHONY: fuzz
fuzz: setup ## Fuzz one target: TARGET=json SECONDS=600
	@scripts/fuzz "$(TARGET)" "$(or $(SECONDS),600)"

.PHONY: mutants
mutants: setup ## Try mutants of one crate: C=economics
	@scripts/mutants "$(C)"

.PHONY: changelog
changelog: ## Move change notes into CHANGELOG.md: V=0.2.0
	@scripts/changelog "$(V)"

.PHONY: interop
interop: setup ## Try our neurons with the Python libraries of others, from PyPI
	@scripts/interop

.PHONY: bench
bench: setup ## Measure what docs/benchmarks promises (minutes)
	cargo bench --workspace

.PHONY: docs
docs: setup ## Build the documentation of the crates and open it
	cargo doc --workspace --no-deps --open
