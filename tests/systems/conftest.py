"""Fixtures of the conformance kit: each case gets an adapter of each batch system of this run."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systems.choosing import FIXTURE, chosen
from tests.systems.kit import Adapter, MakeAdapter


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each case once for each system."""
    if FIXTURE not in metafunc.fixturenames:
        return
    systems = []
    for name in chosen(metafunc.config):
        module = importlib.import_module(name)
        marks = [pytest.mark.stack] if module.STARTS_PROCESSES else []
        if getattr(module, "RUNS_PROGRAMS", False):
            marks = [*marks, pytest.mark.slow]
        systems.append(pytest.param(name, id=name.rpartition(".")[2], marks=marks))
    metafunc.parametrize("served", systems, indirect=True, scope="session")


@pytest.fixture(scope="session")
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeAdapter]:
    """The system, up; skips where it is not installed (the module's `missing()` says what)."""
    module = importlib.import_module(request.param)
    if reason := getattr(module, "missing", str)():
        pytest.skip(reason)
    with module.serve(tmp_path_factory.mktemp("system")) as make:
        yield make


@pytest.fixture
def adapter(served: MakeAdapter, tmp_path: Path) -> Iterator[Adapter]:
    """The system for one case, with no worker of this case's stack."""
    with served(tmp_path) as one:
        yield one
