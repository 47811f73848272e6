# From a fresh checkout to a running product: `make demo`. To a proven one: `make test`.
#
# Nothing is downloaded that is not pinned by hash in requirements/, the build backend included
# (docs/decisions/0003). The environment is .venv/; a stamp in it stands for each step done, so a
# step is done once. Another Python: `make test PYTHON=python3.13`.

.DEFAULT_GOAL := list
.DELETE_ON_ERROR:
SHELL := /bin/sh

# The system's own Python where it is new enough, whatever shims stand before it on the PATH.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON := $(shell for python in /usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11; \
	do $$python -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$python && break; done)

# The stamps carry the name of the Python they were made with: another one starts a fresh .venv/.
NAME_OF_PYTHON := import re, sys; \
	print("%d.%d" % sys.version_info[:2] + re.sub("[^A-Za-z0-9.]", "-", sys.base_prefix))
MADE_WITH := $(shell $(if $(PYTHON),$(PYTHON),false) -c '$(NEW_ENOUGH)' && $(PYTHON) -c '$(NAME_OF_PYTHON)')
MADE := .venv/.made-$(MADE_WITH)
BIN := .venv/bin

# A user's own settings of uv must not change what is installed. An index of one's own is named by
# UV_DEFAULT_INDEX. Certificates are the system's where it has any, as for every other program.
export UV_NO_CONFIG := 1
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS ?= $(if $(wildcard /etc/ssl/certs/*.crt /etc/ssl/certs/*.pem),1,0)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header

CHECKED := src tests $(wildcard bench) $(wildcard dashboard/*.py)
LIVES ?= 20000
SEED ?= 0

.PHONY: list setup dev demo test check format simulate bench ui screenshots lock clean

list:  ## show this list
	@grep -E '^[a-z]+:.*##' $(firstword $(MAKEFILE_LIST)) \
		| sed -E 's/^([a-z]+):.*## */  make \1\t/' | expand -t 18

setup: $(MADE)-ui  ## create .venv/ with .venv/bin/orchestrate
dev: $(MADE)-dev $(MADE)-ui  ## the same, and the tools that check it

demo: setup  ## start the product with something to see in it
	$(BIN)/orchestrate demo

test: check  ## check, then run every test
	$(BIN)/python -m pytest

check: dev  ## format, lint, types, floors (the house rules are tests/test_tidy.py)
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/mypy $(CHECKED)
	$(BIN)/lint-imports --no-logo

format: dev  ## put the code in form, and mend what a machine can mend
	$(BIN)/ruff format $(CHECKED)
	$(BIN)/ruff check --fix $(CHECKED)
	$(BIN)/python dashboard/api_types.py

simulate: dev  ## live LIVES=20000 lives in a hostile world, from SEED=0
	$(BIN)/python -m tests.simulation --lives $(LIVES) --from-seed $(SEED)

bench: dev  ## measure again what the README claims
	$(BIN)/python -m bench

ui: $(MADE)-run  ## build the dashboard from dashboard/ again, if anything in it changed
	$(GET_NODE)
	$(BIN)/python dashboard/build.py

screenshots: dev  ## take the README's pictures of the dashboard again (needs Chromium)
	$(BIN)/python -m tests.browser.screenshots

lock: $(MADE)-tools  ## choose every version anew, and write requirements/
	$(LOCK) --upgrade --group pyproject.toml:install --output-file requirements/uv.txt
	$(LOCK) --upgrade pyproject.toml --output-file requirements/run.txt
	$(LOCK) --upgrade pyproject.toml --group pyproject.toml:dev \
		--constraint requirements/run.txt --output-file requirements/dev.txt
	$(LOCK) --upgrade --group pyproject.toml:node --output-file requirements/node.txt

clean:  ## remove .venv/ and everything else that was made here
	rm -rf dashboard/node_modules src/orchestrate/web/dashboard
	rm -rf .venv build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests $(wildcard bench) -name __pycache__ -prune -exec rm -rf {} +

# ── the steps ───────────────────────────────────────────────────────────────────────────────────

TOO_OLD := 'Orchestrate needs Python 3.11 or newer. Name one: make PYTHON=/path/to/python3'

# The tools that install the rest: the only step that needs pip.
$(MADE)-tools: requirements/uv.txt
	@test -n '$(MADE_WITH)' || { echo $(TOO_OLD) >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(GET_VENV)
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: -r $<
	@touch $@

$(MADE)-run: requirements/run.txt pyproject.toml $(MADE)-tools
	$(INSTALL) --require-hashes --requirements $<
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(MADE)-dev: requirements/dev.txt $(MADE)-run
	$(INSTALL) --require-hashes --requirements $<
	@touch $@

# The dashboard, if this machine can build it: the server works without it, and says so. Node comes
# from requirements/ where the system has none that will do.
UI_SOURCES := $(shell find dashboard -name node_modules -prune -o -name '.[a-z]*' -prune -o -type f -print)
GET_NODE = @$(BIN)/python dashboard/build.py --has-node \
	|| $(INSTALL) --require-hashes --requirements requirements/node.txt

$(MADE)-ui: $(UI_SOURCES) requirements/node.txt $(MADE)-run
	$(GET_NODE) || true
	$(BIN)/python dashboard/build.py --if-possible
	@touch $@

# Debian and Ubuntu ship Python without what makes an environment.
VENV_PACKAGE = python$(firstword $(subst -, ,$(MADE_WITH)))-venv
define GET_VENV
{ \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo 'installing $(VENV_PACKAGE): this Python cannot make an environment without it'; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			apt-get install -qq -y --no-install-recommends $(VENV_PACKAGE) >/dev/null; \
	else \
		echo 'This Python cannot make an environment. On Debian and Ubuntu:' >&2; \
		echo '    sudo apt-get install $(VENV_PACKAGE)' >&2; \
		exit 1; \
	fi; \
}
endef
