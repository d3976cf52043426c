# Verbs over CMakePresets.json. Each does its own set-up first (scripts/setup.sh), once.
# A preset by hand: cmake --preset asan && cmake --build --preset asan
PREFIX ?= /usr/local
PYTHON := build/venv/bin/python
SETUP := @scripts/setup.sh

# The demo is made anew when the loaders, the schema or the machine's package index are newer.
DEMO_INPUTS := $(wildcard examples/*.py sql/migrations/*.sql /var/lib/apt/lists/*_Packages*)

.PHONY: build demo test bench bench-store bench-peers bench-graph lint format install clean help setup-build setup-demo
.DELETE_ON_ERROR:

build: setup-build ## the library: build/vecgraph.so
	@cmake --preset release >build/configure.log || { cat build/configure.log; false; }
	@cmake --build --preset release --target vecgraph

demo: build/demo.db ## load this machine's package index and answer questions about it in SQL
	sqlite3 build/demo.db <examples/demo.sql
	dot -Tsvg build/answer.dot -o build/answer.svg

build/demo.db: $(DEMO_INPUTS) | build setup-demo
	$(PYTHON) examples/load_debian.py --output $@

test: ## every test, then those of the library again under AddressSanitizer and UBSan
	$(SETUP) build test
	@scripts/test.sh

bench: ## the benchmarks
	$(SETUP) build bench
	@cmake --preset release -DVECGRAPH_BENCH=ON >build/configure.log || { cat build/configure.log; false; }
	@cmake --build --preset release --target run_bench

bench-store: ## the store beside the figures of the documents that it grew from
	$(SETUP) build bench
	@cmake --preset release -DVECGRAPH_BENCH=ON >build/configure.log || { cat build/configure.log; false; }
	@cmake --build --preset release --target bench_store
	@cd build/release/bench && ./bench_store --benchmark_format=json >bench_store.json
	@python3 bench/bench_store_report.py build/release/bench/bench_store.json

bench-peers: build build/demo.db ## vecgraph beside released peers: PEERS=--quick for minutes, else hours
	$(SETUP) peers
	@build/peers-venv/bin/python bench/peers/run.py $(PEERS)

bench-graph: build build/demo.db ## graph functions beside other libraries: GRAPH=--quick for minutes
	$(SETUP) graph
	@build/graph-venv/bin/python bench/graph/run.py $(GRAPH)

lint: ## clang-format, clang's warnings as errors, clang-tidy
	$(SETUP) build lint
	@scripts/lint.sh

format: ## lay out every C++ file with clang-format
	$(SETUP) lint
	@scripts/cpp_files.sh | xargs clang-format-14 -i

install: build ## under PREFIX (default /usr/local), staged in DESTDIR if given
	@DESTDIR="$(DESTDIR)" cmake --install build/release --prefix "$(PREFIX)"

clean: ## remove build/, with the demo database and the Python environment
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 13

setup-build:
	$(SETUP) build

setup-demo:
	$(SETUP) build demo
