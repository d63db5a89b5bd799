# make demo: the main job on real input. make test: everything that proves it. The rest is for those who stay.
.PHONY: help demo test fast lint docs sim killed bench bench-peers chaos hostile openapi sites setup up down status clean
.DEFAULT_GOAL := help

# The first Python of this machine that is new enough; `make PYTHON=...` chooses another.
PYTHON ?= $(firstword $(foreach name,python3 python3.11 python3.12 python3.13,$(shell $(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)) python3)
# Images of containers often forbid Python to keep what it compiled; each of the many processes here would compile all of Culm again.
export PYTHONDONTWRITEBYTECODE :=
VENV := .venv
CLIENT := .venv-client
READY := $(VENV)/.ready
CLIENT_READY := $(CLIENT)/.ready
# Clients of iDDS and BPS, for the tests: their panda-client-light and the panda-client of users write the same files.
IDDS_CLIENT := .venv-idds
IDDS_CLIENT_READY := $(IDDS_CLIENT)/.ready
LIB := $(if $(CULM_LIB),$(CULM_LIB),$(CURDIR)/.culm/lib)
PILOT := $(LIB)/pilot3

help:
	@echo "make demo    set everything up, run a real analysis with the unmodified prun, show the result"
	@echo "make test    set everything up, run the whole test suite in lanes side by side (LANES=2)"
	@echo "make fast    the tests that start nothing, on all cores, in about a minute and a half on two cores (TESTS=tests/streams: only those)"
	@echo "make sim     the whole of Culm in memory under faults by seed, then sites with their batch systems (SEEDS=1000 STEPS=2000)"
	@echo "make bench   figures of the running stack: life cycles a second, latency, cost of each process"
	@echo "make bench-peers  the same closed loop against Procrastinate and HTCondor, in one run"
	@echo "make chaos   every fault on the running stack under load, then the checker"
	@echo "make hostile 10,000 hostile messages on the running stack beside a bystander (HOSTILE_ARGUMENTS=--seed 1)"
	@echo "make sites   the plugins of batch systems against real ones of this host (SYSTEMS=slurm,htcondor,kubernetes,local WORKERS=50)"
	@echo "make openapi every operation of the OpenAPI document with no, weak and foreign tokens (OPENAPI_ARGUMENTS=--examples 5)"
	@echo "make lint    ruff and mypy"
	@echo "make docs    the manual, from docs/ into out/manual; a link that leads nowhere is an error"
	@echo "make up      start the stack (then: eval \"\$$($(VENV)/bin/culm env)\"; prun ...)"
	@echo "make down    stop it"

demo: ports setup
	$(VENV)/bin/culm up
	$(VENV)/bin/python -m demo

# Each lane has a stack of its own; what starts nothing runs beside the lanes, behind them, in a worker more; what times faults comes
# last and alone. What took longest is said at the end: tests/side_by_side.py has the order of the groups.
LANES ?= 2
# `make test LINT=` is for who runs `make lint` beside it.
LINT ?= lint
test: setup $(PILOT) $(LINT)
	$(VENV)/bin/python -m pytest --numprocesses $$(($(LANES) + 1)) --quiet-worker --dist loadscope --no-loadscope-reorder --durations 60 --durations-min 5 $(PYTEST_ARGUMENTS)

TESTS ?= tests
fast: $(READY)
	$(VENV)/bin/python -m pytest --numprocesses logical --dist worksteal -m "not stack and not slow" --hypothesis-profile fast $(TESTS)

SEEDS ?= 1000
STEPS ?= 2000
sim: $(READY)
	$(VENV)/bin/python -m tests.sim --seeds $(SEEDS) --steps $(STEPS)
	$(VENV)/bin/python -m tests.sim.sites --seeds $(SEEDS)

# On which batch systems harvesters are killed: adapter modules of tests/systems, as real_slurm.
KILLED ?= slurm_stand_in htcondor_stand_in kubernetes_stand_in arc_stand_in real_local
killed: $(READY)
	CULM_KILL_POINTS=all $(VENV)/bin/python -m pytest tests/agents/test_harvester_killed.py
	CULM_KILL_POINTS=all $(VENV)/bin/python -m pytest tests/systems/test_kills.py \
	    $(foreach system,$(KILLED),--system tests.systems.$(system))

bench: setup
	$(VENV)/bin/culm up
	$(VENV)/bin/python -W ignore -m tests.bench $(BENCH_ARGUMENTS)

bench-peers: setup
	@test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-peers.lock
	$(VENV)/bin/culm up
	$(VENV)/bin/python -W ignore -m tests.bench.peers

chaos: setup
	$(VENV)/bin/culm up
	$(VENV)/bin/python -W ignore -m tests.chaos $(CHAOS_ARGUMENTS)

hostile: setup
	$(VENV)/bin/culm up
	$(VENV)/bin/python -W ignore -m tests.hostile $(HOSTILE_ARGUMENTS)

# Real batch systems of this host (docs/sites.md says what each needs): the kit against each, side by side since it waits most of
# the time, many workers, jobs through Culm.
SYSTEMS ?= slurm
WORKERS ?= 200
sites: export CULM_SITES_REPORT = out/sites.txt
sites: $(READY)
	@rm -f out/sites.txt
	$(VENV)/bin/python -m tests.systems.kit_runs $(KIT)
	$(VENV)/bin/python -m tests.systems.sites --systems $(SYSTEMS) --workers $(WORKERS)
	$(VENV)/bin/culm up
	$(VENV)/bin/python -m tests.systems.through_culm --systems $(SYSTEMS) --jobs $(WORKERS)
	$(VENV)/bin/python -m tests.systems.through_culm --systems $(SYSTEMS) --jobs $(WORKERS) --mode push
comma := ,
# Nodes fail and stop as a case orders where a stand-in speaks for them.
KIT = $(patsubst kubernetes,kubernetes-api,$(subst $(comma), ,$(SYSTEMS)))

openapi: setup
	$(VENV)/bin/culm up
	$(VENV)/bin/python -m tests.openapi $(OPENAPI_ARGUMENTS)

lint: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

# The warning is of the end of maintenance of mkdocs-material: docs/decisions/0127.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/python -W ignore -m mkdocs build --strict

up: ports setup
	$(VENV)/bin/culm up

down:
	$(VENV)/bin/culm down

status:
	$(VENV)/bin/culm status

# The environments and the Java parts do not wait for each other.
setup: ; @$(MAKE) --silent --no-print-directory -j3 $(READY) $(CLIENT_READY) $(IDDS_CLIENT_READY) fetch

$(READY): requirements.lock pyproject.toml schemas/avro_binary.pyx
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Culm needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; set PYTHON to one")'
	@$(PYTHON) -m deploy.environment $(VENV) requirements.lock --no-deps --no-build-isolation --editable .
	@touch $@

$(CLIENT_READY): requirements-client.lock
	@$(PYTHON) -m deploy.environment $(CLIENT) requirements-client.lock
	@ln -sf ../../$(VENV)/bin/culm $(CLIENT)/bin/culm  # so that `culm` is at hand wherever `prun` is
	@touch $@

$(IDDS_CLIENT_READY): requirements-idds.lock
	@$(PYTHON) -m deploy.environment $(IDDS_CLIENT) requirements-idds.lock
	@touch $@

# Before anything is downloaded: every port that is taken, with the variable that moves it.
.PHONY: ports
ports:
	@$(PYTHON) -m deploy.ports

.PHONY: fetch
fetch:
	@CULM_LIB=$(LIB) $(PYTHON) -m deploy.fetch

# The real pilot, for the tests: its source distribution holds pilot.py itself.
$(PILOT): | $(READY)
	@mkdir -p $(LIB)
	$(VENV)/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: --no-build-isolation --dest $(LIB)/download panda-pilot==3.7.0.36
	@mkdir -p $(PILOT).part && tar -xzf $(LIB)/download/panda*pilot-3.7.0.36.tar.gz -C $(PILOT).part --strip-components=1
	@mv $(PILOT).part $(PILOT)

clean:
	rm -rf out
