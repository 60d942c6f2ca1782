# Sceneburst: `make help` lists all commands.
.DEFAULT_GOAL := help
SHELL := /bin/bash

VENV := .venv
BIN := $(VENV)/bin
# The embedded redis-server is a wheel for CPython 3.11 and 3.12, so one of these is preferred.
PYTHON ?= $(shell for p in python3.12 python3.11 python3; do command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
STAMP := $(VENV)/.installed
# Compile bytecode before tests and measurements, as an installation does.
COMPILED = $(BIN)/python -m compileall -q scenequeue producer dispatcher container_worker sceneburst

.PHONY: monitoring situations chaos chaos-long outage growth-kills transcode-kills upgrade transcode-matrix hls-browser page-browser help demo test lint format docs bench-queue bench-render bench-autoscale bench-operators soak bench-growth bench-launch bench-transcode bench-scale bench-vmaf wheel wheel-test image base-image image-test clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found on PATH"; exit 1; }
	@echo "setting up $(VENV) with $$($(PYTHON) --version) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[all,dev]'
	@touch $@

demo: $(STAMP) ## Render the example job into output/demo
	@$(BIN)/sceneburst render examples/demo.yaml --output output/demo --expect-failure lost-narration

test: $(STAMP) lint ## Lint, types and all tests
	@$(COMPILED)
	$(BIN)/python -m pytest -n 3 --maxschedchunk 4 -q -m "not upgrade and not matrix and not browser and not situation"

lint: $(STAMP) ## Run ruff, mypy --strict and import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## Format, sort imports, and apply ruff's fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMP) ## Generate docs/settings.md
	$(BIN)/python docs/generate_settings.py

bench-queue: $(STAMP) ## Compare the queue with eight others (twenty minutes)
	@$(COMPILED)
	$(BIN)/python -m benchmarks.queue --docs docs

CHAOS_MINUTES ?= 1.2
chaos: $(STAMP) ## Inject faults into a whole Sceneburst, on processes and on a simulated Fargate; SEED=n replays
	timeout -k 20 300 $(BIN)/python -m chaos --minutes $(CHAOS_MINUTES) --runs 2 --parallel 2 --fleet both $(if $(SEED),--seed $(SEED))

PARALLEL ?= 1
chaos-long: $(STAMP) ## Run twenty seeds of five minutes, PARALLEL=n at once; every fault must have an effect
	$(BIN)/python -m chaos --minutes 5 --runs 20 --parallel $(PARALLEL) --fleet both --all-must-tell $(if $(SEED),--seed $(SEED))

outage: $(STAMP) ## Stop Redis for a minute: no program exits or spins, nothing is done twice
	SCENEBURST_OUTAGE_S=60 $(BIN)/python -m pytest -q -n 2 tests/chaos/test_recovery.py

growth-kills: $(STAMP) ## A stage grows to 100,000 items by one ack; worker and Redis are killed at 20 points each
	SCENEBURST_GROWTH_ITEMS=100000 SCENEBURST_GROWTH_POINTS=20 $(BIN)/python -m pytest -v -n 2 tests/scenequeue/test_growth_kills.py

transcode-kills: $(STAMP) ## Kill workers twice in each of twenty transcodings; the same files come out
	SCENEBURST_TRANSCODE_KILLS=20 $(BIN)/python -m pytest -q -s --timeout=3000 tests/chaos/test_transcode_kills.py

upgrade: $(STAMP) ## To a version with another structure of the queue and back, under load and kills
	$(BIN)/python -m pytest -q -n 2 -m upgrade tests/chaos

transcode-matrix: $(STAMP) ## Transcode every kind of source in segments of 1, 2 and 600 s; every frame is compared
	$(BIN)/python -m pytest -q -n 2 -m matrix tests/container_worker/exactness

situations: $(STAMP) ## Plant ten faults; the front view names each and what to do within two seconds
	$(BIN)/python -m pytest -q -s -p no:randomly -m situation tests/sceneburst/overview/situations

PROMTOOL ?= promtool
monitoring: $(STAMP) ## Check alert rules and dashboard by promtool (Debian: prometheus), and raise each alert
	@command -v $(PROMTOOL) >/dev/null || { echo "promtool is needed: apt install prometheus, or PROMTOOL=path"; exit 1; }
	@mkdir -p output && $(BIN)/python -m tests.deploy.dashboard_rules > output/dashboard-rules.yaml
	$(PROMTOOL) check rules deploy/monitoring/alerts.yaml output/dashboard-rules.yaml
	$(PROMTOOL) test rules deploy/monitoring/alerts_test.yaml

NODE_MODULES = output/browser/node_modules

hls-browser: $(STAMP) ## Play HLS ladders with hls.js in headless Chromium, in real time; installs Debian's chromium and npm
	@command -v chromium npm >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium npm >/dev/null; }
	@npm install --silent --no-fund --no-audit --prefix output/browser hls.js@1 hls-parser@0
	SCENEBURST_NODE_MODULES=$(NODE_MODULES) $(BIN)/python -m pytest -q -s -p no:randomly -m browser tests/browser/test_hls.py

page-browser: $(STAMP) ## Use the operators' page in headless Chromium, with axe-core; SCENEBURST_SCREENSHOTS=folder keeps pictures
	@command -v chromium npm >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium npm >/dev/null; }
	@npm install --silent --no-fund --no-audit --prefix output/browser axe-core@4
	SCENEBURST_NODE_MODULES=$(NODE_MODULES) $(BIN)/python -m pytest -q -s -p no:randomly -m browser tests/browser/page

bench-render: $(STAMP) ## Rendering beside zoompan, the encoder alone, moviepy and the replaced chain (half an hour)
	@$(COMPILED)
	$(BIN)/python -m benchmarks.render --docs docs

soak: $(STAMP) ## Measure the queue with a million items; cost of a lease at 10 and at a million
	$(BIN)/python -m benchmarks.soak

bench-growth: $(STAMP) ## Measure the server time of an ack that brings no, 1,000 and 100,000 items, and in 8 needs
	$(BIN)/python -m benchmarks.growth

bench-operators: $(STAMP) ## Measure pages by two filters and bulk requeues on 10,000 jobs and 50,000 dead letters
	@$(COMPILED)
	$(BIN)/python -m benchmarks.operators

bench-autoscale: $(STAMP) ## Compare planner and reaper with a static split, target tracking and KEDA, in a simulated Fargate
	$(BIN)/python -m benchmarks.autoscale --docs docs

bench-launch: $(STAMP) ## Compare 1,000 launches with the bound of the API's token buckets
	$(BIN)/python -m benchmarks.launch_rate

bench-transcode: $(STAMP) ## Measure what dividing a video costs and loses, beside whole runs of ffmpeg and two public designs
	@$(COMPILED)
	$(BIN)/python -m benchmarks.transcode

bench-vmaf: $(STAMP) ## Measure the VMAF of whole files beside the target that was asked for, and of the default rate factors
	@$(COMPILED)
	$(BIN)/python -m benchmarks.vmaf

bench-scale: $(STAMP) ## Model an hour in 4K by fleets of several sizes, with rates that are measured first
	@$(COMPILED)
	$(BIN)/python -m benchmarks.scale

WHEEL = dist/sceneburst-$(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)-py3-none-any.whl

wheel: $(STAMP) ## Build the package
	@rm -rf dist
	@$(BIN)/uv build --quiet --wheel --out-dir dist

wheel-test: wheel ## Install the wheel into clean environments, on every installed Python, and start every program
	SCENEBURST_TEST_WHEEL=$(WHEEL) $(BIN)/python -m pytest -q -rs -p no:randomly tests/wheel

IMAGE ?= sceneburst
BASE ?= debian:bookworm-slim
# docker if its engine answers, else buildah; IMAGE_FLAGS are the builder's own flags (--network host, --isolation chroot, …).
BUILD = $(if $(shell docker info >/dev/null 2>&1 && echo yes),docker build,buildah bud --format docker --layers)
IMAGE_FLAGS ?=
# "deb …" lines that replace the base's own, for example of a dated snapshot.
APT_SOURCES ?=

image: ## Build the container image, for worker, dispatcher and API
	$(BUILD) $(IMAGE_FLAGS) --build-arg BASE=$(BASE) --build-arg APT_SOURCES="$(APT_SOURCES)" --build-arg REVISION=$$(git rev-parse --short HEAD) \
		--build-arg VERSION=$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml) -f deploy/Dockerfile -t $(IMAGE) .

base-image: ## Build a Debian base without a registry, for `make image BASE=localhost/sceneburst-base` (root, debootstrap, buildah)
	deploy/base-image

image-test: $(STAMP) ## Test the image with a real engine (docker, or podman as root)
	SCENEBURST_TEST_IMAGE=$(IMAGE) $(BIN)/python -m pytest -q -s -p no:randomly tests/image

clean: ## Remove the virtual environment, caches and output
	rm -rf $(VENV) output .pytest_cache .mypy_cache .ruff_cache .hypothesis
