"""Finds the plugins for batch systems that are installed, by entry point, and makes them.

In: entry points of the group `culm.batch_systems`. Out: a plugin, or a sentence that names the entry point, what was found and
what was expected. Guards: a plugin that does not import, or fails when it is made, stops no other.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from agents.harvester.systems.contract import GROUP, BatchSystem

_METHODS = ("describe", "problem", "submit", "listing", "cancel", "sweep", "events")
REASON_MAX = 300
#: As in pyproject.toml.
OWN = {
    "arc": "agents.harvester.systems.arc:ArcCE",
    "htcondor": "agents.harvester.systems.htcondor:HTCondor",
    "kubernetes": "agents.harvester.systems.kubernetes:Kubernetes",
    "local": "agents.harvester.systems.local:LocalProcesses",
    "slurm": "agents.harvester.systems.slurm:Slurm",
}


@dataclass(frozen=True, slots=True)
class NoSuchSystem:
    """Why there is no plugin under a name."""

    name: str
    reason: str


def installed() -> tuple[EntryPoint, ...]:
    """The entry points of all installed plugins."""
    return tuple(entry_points(group=GROUP))


def known() -> tuple[EntryPoint, ...]:
    """The entry points of all installed plugins, and Culm's own where Culm is not installed as a distribution."""
    found = installed()
    names = {point.name for point in found}
    return (*found, *(EntryPoint(name, value, GROUP) for name, value in OWN.items() if name not in names))


def make_system(
    name: str, stack: str, settings: Mapping[str, str], folder: Path, points: Sequence[EntryPoint]
) -> BatchSystem | NoSuchSystem:
    """The batch system `name`, ready for use, or why it cannot be used; points: as `installed` gives them."""
    found = {point.name: point for point in points}
    counts = Counter(point.name for point in points)
    if name not in found:
        return NoSuchSystem(name, f"batch system {name[:60]!r} is unknown, expected one of {', '.join(sorted(found)) or 'none'}")
    if counts[name] > 1:
        return NoSuchSystem(name, f"batch system {name!r} is named by {counts[name]} entry points of {GROUP}, expected one")
    where = f"batch system {name!r} ({found[name].value})"
    try:
        kind = found[name].load()
    except Exception as problem:  # noqa: BLE001 - a plugin is code of a site; nothing that it raises may stop the other queues
        return NoSuchSystem(name, f"{where} does not import: {type(problem).__name__}: {problem}"[:REASON_MAX])
    if missing := [method for method in _METHODS if not callable(getattr(kind, method, None))]:
        return NoSuchSystem(name, f"{where} has no {', '.join(missing)}, expected a class with the methods of BatchSystem")
    try:
        system: BatchSystem = kind(stack, settings, folder)
        problem_text = system.problem()
    except Exception as problem:  # noqa: BLE001 - as above
        return NoSuchSystem(name, f"{where} cannot be made: {type(problem).__name__}: {problem}"[:REASON_MAX])
    return NoSuchSystem(name, f"{where} cannot be used: {problem_text}"[:REASON_MAX]) if problem_text else system
