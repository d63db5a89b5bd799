"""Figures of brokerage that are given on a command line as NAME=VALUE."""

from collections.abc import Iterable
from dataclasses import replace

from audit.policies_at import Policies
from schemas.brokers import FIGURES
from streams.jedi.weights import IN_FORCE, Weighing

WEIGHTS = {
    "weight.running": "weight_running",
    "weight.waiting": "weight_waiting",
    "used.first": "used_first",
    "candidates.max": "candidates_max",
}


class UnknownWeight(ValueError):
    """A `--set` that names nothing."""


def weighing_from(settings: Iterable[str], policies: Policies | None = None) -> Weighing:
    """The figures in force with `NAME=VALUE` put over them, those of brokers in `policies`; raises UnknownWeight."""
    made = IN_FORCE
    for text in settings:
        name, _, value = text.partition("=")
        if policies is not None and name in FIGURES:
            policies.figures_instead[name] = _number(name, value)
            continue
        if name not in WEIGHTS:
            names = f"{', '.join(WEIGHTS)}, or a figure of the brokers"
            raise UnknownWeight(f"--set: found {text[:60]!r}, expected NAME=VALUE with NAME one of {names}")
        made = replace(made, **{WEIGHTS[name]: _number(name, value)})
    return made


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as problem:
        raise UnknownWeight(f"--set {name}: found {value[:40]!r}, expected a number") from problem
