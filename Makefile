# The two commands of Myelin, and a few that save typing. `make` alone lists them.

SHELL := /bin/bash
export PATH := $(HOME)/.cargo/bin:$(PATH)
# Outside of the checkout, so that a fresh clone starts where the last one ended.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/myelin/target

.PHONY: help
help: ## List these commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

.PHONY: setup
setup: ## Install what is missing to build
	@scripts/setup

.PHONY: up
up: setup ## Build, and run a local network until Ctrl-C
	@scripts/up

.PHONY: test
test: setup ## Run every check and every test
	@scripts/test

.PHONY: interop
interop: setup ## Try our neurons with the Python libraries of others, from PyPI
	@scripts/interop

.PHONY: bench
bench: setup ## Measure what docs/benchmarks promises (minutes)
	cargo bench --workspace

.PHONY: docs
docs: setup ## Build the documentation of the crates and open it
	cargo doc --workspace --no-deps --open
