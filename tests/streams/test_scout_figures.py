"""Figures of the brokers' policy that scouts are judged by, and the disk that learned output takes."""

import pytest

from schemas.bounds import problems_of
from schemas.brokers import FIGURES
from schemas.records import replace
from schemas.splitting import disk_bytes
from schemas.types import BrokerFigure, Requirements, ScoutRules, TaskDefinition
from streams.jedi.refine import refine
from streams.jedi.scout_figures import with_scout_figures
from tests.commands.builders import a_definition
from tests.streams.builders import a_submission

API = "http://127.0.0.1:25080"
MB = 1024**2
SCOUTING = a_definition(scouts=ScoutRules(success_tenths=7))


def test_a_policy_without_figures_judges_as_the_rules_of_a_task_do() -> None:
    every = [BrokerFigure(key=key, value=value) for key, value in FIGURES.items()]

    assert with_scout_figures(SCOUTING, every) == with_scout_figures(SCOUTING, ()) == SCOUTING


def test_the_figures_of_the_policy_are_in_the_definition() -> None:
    figures = [BrokerFigure(key="SCOUT_SHORT_EXECTIME", value=10), BrokerFigure(key="SCOUT_RAMCOUNT_RANK", value=90)]

    rules = with_scout_figures(SCOUTING, figures).scouts

    assert rules == ScoutRules(success_tenths=7, short_seconds=600, ram_percentile=90)
    assert with_scout_figures(a_definition(), figures) == a_definition()


def test_figures_beyond_all_bounds_stay_within_those_of_the_messages() -> None:
    figures = [BrokerFigure(key=key, value=1e15) for key in FIGURES]

    assert problems_of(with_scout_figures(SCOUTING, figures)) == ()


def test_a_least_efficiency_and_fixed_output_are_read_from_the_parameters() -> None:
    definition = refine(a_submission(minCpuEfficiency=60, outDiskCount=100, outDiskUnit="MBFixed"), API)

    assert isinstance(definition, TaskDefinition)
    assert definition.scouts is not None
    assert (definition.scouts.cpu_efficiency_percent_min, definition.scouts.output_fixed) == (60, True)
    assert (definition.requirements.disk_mb, definition.requirements.output_mb) == (100, 100)


@pytest.mark.parametrize(
    ("learned", "events", "expected_mb"),
    [
        ({}, 10, 300),
        ({"output_kb_per_event": 1024.0}, 10, 110),
        ({"output_kb_per_event": 1024.0}, None, 300),
        ({"output_kb_per_input_mb": 512.0}, 10, 104),
        ({"output_kb_per_event": 1024.0, "output_kb_per_input_mb": 512.0}, None, 104),
    ],
)
def test_learned_output_stands_in_for_the_disk_that_was_asked_for_it(
    learned: dict[str, float], events: int | None, expected_mb: int
) -> None:
    required = replace(Requirements(disk_mb=300, output_mb=200), **learned)

    assert disk_bytes(required, 8 * MB, events) == expected_mb * MB
