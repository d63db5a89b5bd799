"""Plugins are found by entry point; one that cannot be used says why and stops no other."""

import sys
import types
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from agents.harvester.systems.contract import GROUP
from agents.harvester.systems.htcondor import HTCondor
from agents.harvester.systems.kubernetes import Kubernetes
from agents.harvester.systems.registry import NoSuchSystem, installed, make_system
from agents.harvester.systems.slurm import Slurm
from tests.systems.test_breaker import Scripted

ALL_METHODS = (
    "describe, problem, submit, listing, cancel, sweep, events, expected a class with the methods of BatchSystem"
)


class Site(Scripted):
    """A plugin of a site."""

    def __init__(self, stack: str, settings: dict[str, str], folder: Path) -> None:
        super().__init__()
        self.made_with = (stack, settings, folder)


class Failing(Site):
    """One that fails when it is made."""

    def __init__(self, *_: object) -> None:
        raise ZeroDivisionError("no site")


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> list[EntryPoint]:
    module = types.ModuleType("a_site_of_ours")
    vars(module).update(Site=Site, Failing=Failing, NotOne=object)
    monkeypatch.setitem(sys.modules, "a_site_of_ours", module)
    return [
        EntryPoint("good", "a_site_of_ours:Site", GROUP),
        EntryPoint("failing", "a_site_of_ours:Failing", GROUP),
        EntryPoint("not-one", "a_site_of_ours:NotOne", GROUP),
        EntryPoint("absent", "no_such:Site", GROUP),
        EntryPoint("twice", "a_site_of_ours:Site", GROUP),
        EntryPoint("twice", "a_site_of_ours:Site", GROUP),
    ]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "absent",
            "batch system 'absent' (no_such:Site) does not import: ModuleNotFoundError: No module named 'no_such'",
        ),
        ("failing", "batch system 'failing' (a_site_of_ours:Failing) cannot be made: ZeroDivisionError: no site"),
        ("not-one", f"batch system 'not-one' (a_site_of_ours:NotOne) has no {ALL_METHODS}"),
        ("twice", "batch system 'twice' is named by 2 entry points of culm.batch_systems, expected one"),
        ("none", "batch system 'none' is unknown, expected one of absent, failing, good, not-one, twice"),
    ],
)
def test_a_plugin_that_cannot_be_used_is_refused_by_name_and_reason(
    points: list[EntryPoint], tmp_path: Path, name: str, reason: str
) -> None:
    assert make_system(name, "kit", {}, tmp_path, points) == NoSuchSystem(name, reason)


def test_the_other_plugins_go_on(points: list[EntryPoint], tmp_path: Path) -> None:
    system = make_system("good", "kit", {"a": "b"}, tmp_path, points)

    assert isinstance(system, Site)
    assert system.made_with == ("kit", {"a": "b"}, tmp_path)


def test_a_plugin_with_settings_that_it_does_not_know_is_refused_by_name(tmp_path: Path) -> None:
    points = [EntryPoint("slurm", "agents.harvester.systems.slurm:Slurm", GROUP)]

    refused = make_system("slurm", "kit", {"colour": "blue"}, tmp_path, points)

    assert isinstance(refused, NoSuchSystem)
    assert "setting 'colour' is unknown, expected one of" in refused.reason


def test_the_plugins_of_culm_are_installed() -> None:
    found = {point.name: point for point in installed()}

    assert found["slurm"].load() is Slurm
    assert found["htcondor"].load() is HTCondor
    assert found["kubernetes"].load() is Kubernetes
