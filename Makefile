# Each verb does one thing. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help run start stop status restart test audit chaos planted attack fuzz bench lint types format lock vendor
PYTHON := .venv/bin/python
# What runs already was started by a .venv; where there is none, nothing runs.
STARTED := test -x $(PYTHON) || { echo "Parley was never started here: make run does it."; exit 3; }

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

run: ## install what is missing, start Parley, and stay until Ctrl-C
	@deploy/install.sh
	@$(PYTHON) -m deploy run

start: ## the same in the background
	@deploy/install.sh
	@$(PYTHON) -m deploy start

stop: ## end every process that run or start has started
	@$(STARTED)
	@$(PYTHON) -m deploy stop

status: ## show each process, whether it is well, and the memory of all
	@$(STARTED)
	@$(PYTHON) -m deploy status

restart: ## take over new code without an interruption, one process at a time
	@deploy/install.sh
	@$(PYTHON) -m deploy restart

test: ## run every test against real servers and a real browser (T='-k name' for some)
	@deploy/install.sh tests
	$(PYTHON) -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(T)

lint: ## check the style
	@deploy/install.sh tests
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check

chaos: ## break the running product while clients talk (A='--seconds 600 --seed 7')
	@deploy/install.sh tests
	$(PYTHON) -m tests.chaos $(A)

planted: ## plant known bugs, each in a short fault run, and see each one found
	@deploy/install.sh tests
	$(PYTHON) -m tests.chaos.planted $(A)

attack: ## attack a private Parley with scanners, broken frames and a stop-watch (A=--help)
	@deploy/install.sh tests
	$(PYTHON) -m tests.security.attack $(A)

bench: ## measure Parley beside its peers (ONLY=fan-out,durable for some cases, A=--quick for a look)
	@deploy/install.sh bench
	$(PYTHON) -m tests.bench $(if $(ONLY),--only $(ONLY)) $(A)

audit: ## look for known weaknesses in the code and in the pinned packages
	@deploy/install.sh tests
	$(PYTHON) -m bandit --quiet --recursive --configfile pyproject.toml shared chatd web deploy
	@$(PYTHON) -m deploy.audit

fuzz: ## feed inputs guided by coverage to all that reads what strangers send (A='--seconds 600')
	@deploy/install.sh tests
	$(PYTHON) -m tests.security.fuzz $(A)

types: ## check the types
	@deploy/install.sh tests
	$(PYTHON) -m mypy

format: ## bring the code into its format
	@deploy/install.sh tests
	$(PYTHON) -m ruff check --fix --exit-zero
	$(PYTHON) -m ruff format

lock: ## pin every package anew, with hashes, to what pyproject.toml allows
	@deploy/lock.sh

vendor: ## copy the browser's libraries from npm anew (A=--update: newer ones)
	@$(PYTHON) -m deploy.vendor $(A)
