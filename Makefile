# Everything needs only Python >= 3.11, its venv module and make.
PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
# Compiled programs are kept between runs: the second `make test` starts where the first left off.
export JAX_COMPILATION_CACHE_DIR ?= $(CURDIR)/.cache/jax
export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS ?= 0

.PHONY: demo test parity bench lint clean

demo: $(VENV)/ok
	$(PY) examples/digits.py

test: $(VENV)/ok
	$(PY) -m pytest -q -n 2 --ignore=tests/parity

parity: $(VENV)/torch-ok
	XLA_FLAGS= $(PY) -m pytest -q -n 2 tests/parity

bench: $(VENV)/ok
	$(PY) -m benchmarks

lint: $(VENV)/ok
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

$(VENV)/ok: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $@

# The CPU wheel of torch, only ever an oracle for the parity tests (there is none newer for Python 3.11).
$(VENV)/torch-ok: $(VENV)/ok
	$(PY) -m pip install --quiet --disable-pip-version-check torch==2.13.0
	touch $@

clean:
	rm -rf $(VENV) .cache out dist .pytest_cache .mypy_cache .ruff_cache
