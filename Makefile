# The commands to remember: make demo, make test. Each sets up what it needs.
#
# TORCH_INDEX=URL installs torch from that index, e.g. PyTorch's own CPU wheel index, which spares
# Linux users the CUDA build of several gigabytes. Only the router uses torch.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TORCH_INDEX ?=
DEMO ?= demo

.PHONY: demo test check setup lock docs bench clean

demo: $(READY)
	@$(BIN)/sentree demo --out $(DEMO)

test: check
	# Tests start many processes: each would compile the modules anew where no bytecode is written.
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -q -n 3

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/pyright --threads 2
	$(BIN)/python bench/accuracy.py --check
	$(BIN)/cog --check docs/cli.md docs/sources.md
	$(BIN)/mkdocs build --quiet --strict --site-dir site

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check \
		$(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[router,dev]'
	touch $@

lock: $(READY)
	$(BIN)/pip freeze --exclude-editable --exclude torch > constraints.txt
	echo "torch==2.13.0" >> constraints.txt

docs: $(READY)
	$(BIN)/cog -r docs/cli.md docs/sources.md
	$(BIN)/mkdocs build --strict --site-dir site

bench: $(READY)
	$(BIN)/python bench/ingest.py

clean:
	rm -rf $(VENV) $(DEMO) site
