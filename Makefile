# Makewhole: every target sets up what it needs, once.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell command -v python3.11 || command -v python3)
ARGS ?=

# The compiler and Anvil are found through PATH: this project's own come first.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
READY := .venv/.ready

$(READY): requirements.txt package.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "makewhole: needs Python 3.11; name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@command -v npm >/dev/null || { echo "makewhole: needs Node with npm (for Anvil)" >&2; exit 1; }
	@echo "Setting up .venv and Anvil (once, about a minute) ..."
	@$(PYTHON) -m venv .venv
	@pip install -qq --disable-pip-version-check --no-deps --requirement requirements.txt
	@npm install --silent --no-package-lock --no-audit --no-fund --ignore-scripts
	@# History stays in memory: on disk, an Anvil that is ended by a signal leaves it behind, and a test run has gigabytes of it.
	@rm -f .venv/bin/anvil
	@printf '#!/bin/sh\nexec "%s" --max-persisted-states 0 "$$@"\n' "$$(ls $(CURDIR)/node_modules/@foundry-rs/anvil-*/bin/anvil | head -n 1)" > .venv/bin/anvil
	@chmod +x .venv/bin/anvil
	@anvil --version >/dev/null || { echo "makewhole: Anvil does not start on this machine" >&2; exit 1; }
	@touch $@

.PHONY: help setup compile demo fuzz campaign replay shrink audit coverage mutants bench gas study search test clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: $(READY) ## Install the pinned tools into .venv and node_modules

compile: $(READY) ## Compile the contracts
	@ape compile

demo: $(READY) ## Two stories on a fresh devnet, told day by day, and their audit
	@ape run demo $(ARGS)

fuzz: $(READY) ## The main job: contracts against the model on a devnet (ARGS="--help" lists the options)
	@ape run fuzz $(ARGS)

campaign: $(READY) ## Fuzz for hours on several workers; what is found lasts (ARGS="--hours 8 --workers 2")
	@ape run campaign $(ARGS)

replay: $(READY) ## Run recorded traces again on both sides (ARGS="TRACE...")
	@ape run replay $(ARGS)

shrink: $(READY) ## Make a failing trace smaller and plainer (ARGS="TRACE")
	@ape run shrink $(ARGS)

# titanoboa changes how pytest and Hypothesis work: it is kept apart.
build/bench/venv/.ready: tests/bench/titanoboa.txt
	@echo "Setting up titanoboa in build/bench/venv (once, about a minute) ..."
	@$(PYTHON) -m venv build/bench/venv
	@build/bench/venv/bin/pip install -qq --disable-pip-version-check --no-deps --requirement $<
	@touch $@

bench: $(READY) build/bench/venv/.ready ## Compared steps a second, beside a plain Ape loop and titanoboa; where the time goes
	@ape run bench $(ARGS)

gas: $(READY) ## What every call costs on a devnet, beside Uniswap v2: writes docs/gas.md (ARGS="--help")
	@ape run gas $(ARGS)

study: $(READY) ## Runs on the Reserve, with and without rationing: docs/runs.md and its pictures (ARGS="--help")
	@python -m scripts.study $(ARGS)

search: $(READY) ## Look for a profit against the protocol, and against a control; the price of holding a price: docs/search.md
	@python -m scripts.search $(ARGS)

coverage: $(READY) ## Which lines and branches of the contracts a run reaches
	@ape run coverage $(ARGS)

mutants: $(READY) ## Plant faults in the contracts and the model: does the fuzzer find each? (ARGS="--help")
	@python -m scripts.mutants $(ARGS)

audit: $(READY) ## What a deployment has paid out, against the model (ARGS="--deployment deployments/CHAIN_ID.json")
	@ape run audit $(ARGS)

# Files are shared out among up to four workers, one more than there are cores: many tests wait for what they have
# started. Those of tests/unit share one devnet of Ape's in each worker, which others would disconnect.
CORES := $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN || echo 1)
SHARED := -n $$(( $(CORES) < 4 ? $(CORES) + 1 : 4 )) --dist loadfile
test: $(READY) ## All tests
	@pytest tests --ignore tests/unit $(SHARED) $(ARGS)
	@pytest tests/unit $(SHARED) $(ARGS)

clean: ## Remove everything that was installed or built
	rm -rf .venv node_modules build .build .cache .hypothesis .pytest_cache
