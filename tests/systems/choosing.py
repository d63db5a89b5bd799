"""`pytest --system MODULE`: the conformance kit alone, against the batch systems of the adapter modules named.

In: names of modules as tests/systems/kit.py describes them. Out: each case once for each module. Without the option the kit runs
against the stand-ins of Culm's own plugins, and against processes of this host; `make sites` runs it against real systems.
"""

from collections import Counter

import pytest

from tests.systems import sites_report

#: Adapter modules of Culm's own plugins, in the order in which they run.
SYSTEMS = (
    "tests.systems.slurm_stand_in",
    "tests.systems.htcondor_stand_in",
    "tests.systems.kubernetes_stand_in",
    "tests.systems.arc_stand_in",
    "tests.systems.real_local",
)
#: The fixture that every case of the kit uses.
FIXTURE = "adapter"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the option."""
    parser.addoption(
        "--system", action="append", default=[], metavar="MODULE", help="run the kit for batch systems against this adapter"
    )


def chosen(config: pytest.Config) -> tuple[str, ...]:
    """The adapter modules of this run."""
    return tuple(config.getoption("--system")) or SYSTEMS


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With the option, keep the cases of the kit and nothing else."""
    if not config.getoption("--system"):
        return
    kit = [item for item in items if FIXTURE in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[item for item in items if item not in kit])
    items[:] = kit


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """With the option, keep how many cases each system passed, for the report of `make sites`."""
    for module in config.getoption("--system"):
        name = module.rpartition(".")[2]
        found: Counter[str] = Counter()
        for outcome in ("passed", "skipped", "failed", "error"):
            found[outcome] = sum(f"[{name}" in one.nodeid for one in terminalreporter.stats.get(outcome, ()))
        bad = f", {found['failed'] + found['error']} FAILED" if found["failed"] + found["error"] else ""
        sites_report.keep(f"{name}: {found['passed']} cases of the kit passed{bad}, {found['skipped']} it cannot show")
