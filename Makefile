# The two commands that matter are `make run` and `make test`; both set up the machine by themselves.

BIN := .venv/bin
PYTHON := $(BIN)/python
SETUP_SOURCES := deploy/setup.sh setup.cfg pyproject.toml

.PHONY: help run test check fuzz rehearse powercuts soak bench format clean

help: ## say what there is to make
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

run: .venv/.ready-run ## open the till with an embedded ledger and a simulated customer (demo)
	@$(BIN)/ks-pos demo $(ARGS)

test: check ## check, then run all tests on all cores, on the real card stack and a real window too
	@$(PYTHON) -m pytest --numprocesses auto --dist loadgroup $(ARGS)

check: .venv/.ready-test ## formatting, ruff, mypy --strict, and who may import whom
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

fuzz: .venv/.ready-test ## spoilt bodies at every door of the ledger: BODIES=100000
	@KS_FUZZ_BODIES=$(or $(BODIES),100000) $(PYTHON) -m pytest -n 0 tests/ledger/test_fuzz.py $(ARGS)

rehearse: .venv/.ready-run ## drill an outage without a window: ARGS="--payments 200 --seed 7"
	@$(BIN)/ks-pos rehearse $(ARGS)

powercuts: .venv/.ready-test ## cut the power at every request of a journal to its disk: ARGS="--seeds 10"
	@$(PYTHON) -m tests.reliability.power_cuts $(ARGS)

soak: .venv/.ready-test ## play simulated towns, seed after seed, until one fails: SECONDS=600
	@$(PYTHON) -m tests.simulation --seconds $(or $(SECONDS),60) $(ARGS)

bench: .venv/.ready-test ## measure, each figure beside its bare parts: GROUP="app" ARGS="--json FILE"
	@$(PYTHON) -m tests.bench $(GROUP) $(ARGS)

format: .venv/.ready-test ## format, and mend what ruff can mend
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

clean: ## forget the virtual environment and everything that was built
	@rm -rf .venv build .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache *.egg-info

.venv/.ready-run: $(SETUP_SOURCES)
	@deploy/setup.sh run

.venv/.ready-test: $(SETUP_SOURCES)
	@deploy/setup.sh test
