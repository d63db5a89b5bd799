"""The recorded choice of a nucleus made again, and why a task has one or has none."""

import pytest

from audit.decisions import judge
from audit.policies_at import Policies
from audit.why import TaskFacts, why_task
from schemas.policy import BrokersSet, OutsideFactSet
from schemas.reading import Place, Recorded
from schemas.records import replace
from schemas.task import AssignNucleus, JobsOrdered, NucleusAssigned, ParkTask, TaskParked
from schemas.types import (
    BrokerFigure,
    BrokerKind,
    BrokerRule,
    ComputingSite,
    JobKind,
    NucleusVerdict,
    OutsideFact,
    Requirements,
    StorageElement,
)
from streams.facts.snapshot import Snapshot
from streams.jedi.nucleus_choice import assigned
from tests.streams.builders import a_definition, an_envelope, files

TASK = 10_000_001
POSITION = "culm.policy.events.v1:0:9"
NUCLEI = (BrokerRule(label="managed", broker=BrokerKind.PRODUCTION, nuclei=True),)


def told(threshold: float) -> Policies:
    found = Policies()
    rows = {"F": 5, "R": 8}
    storages = [StorageElement(name=name, space_total_gb=9, space_usable_gb=usable) for name, usable in rows.items()]
    facts = [OutsideFact(storage=one) for one in storages]
    facts += [OutsideFact(site=ComputingSite(name=f"N{name}", nucleus=True, storages=(name,))) for name in rows]
    events = [OutsideFactSet(source="cric", source_at=1, fact=fact) for fact in facts]
    figures = (BrokerFigure(key="DISK_THRESHOLD", value=threshold),)
    for offset, event in enumerate((*events, BrokersSet(rules=NUCLEI, figures=figures))):
        place = Place("culm.policy.events.v1", 0, offset)
        found.tell(Recorded(place, event, an_envelope(f"fact.{offset}")))
    return found


def a_day(policies: Policies) -> list[Recorded]:
    """Twenty orders and what was chosen for each."""
    brokers = policies.brokers_at(POSITION)
    world = Snapshot(
        position=POSITION,
        outside=policies.outside_at(POSITION),
        broker_rules=brokers.rules,
        broker_figures=brokers.figures,
        nuclei={"NF": 60.0},
    )
    definition = replace(a_definition(), requirements=Requirements(label="managed"), nucleus_wanted=True)
    order = JobsOrdered(order=1, kind=JobKind.NORMAL, units=tuple(files(1)), definition=definition, task_id=TASK, priority=1)
    day = []
    for number in range(1, 21):
        envelope = an_envelope(str(TASK), number * 10)
        made = assigned(order, world, envelope.event_id, envelope.occurred_at)
        after = an_envelope(str(TASK), number * 10 + 1)
        place = Place("culm.task.events.v1", 0, number)
        day += [Recorded(place, order, envelope), Recorded(place, _event(made), after)]
    return day


def _event(made: AssignNucleus | ParkTask) -> NucleusAssigned | TaskParked:
    if isinstance(made, ParkTask):
        return TaskParked(order=1, brokerage=made.brokerage, message=made.message, nuclei=made.nuclei)
    return NucleusAssigned(
        nucleus=made.nucleus, order=1, verdicts=made.verdicts, seed=made.seed, facts_position=made.facts_position
    )


@pytest.mark.parametrize("threshold", [4.0, 8.0])
def test_each_choice_comes_out_the_same_on_its_own_facts(threshold: float) -> None:
    policies = told(threshold)

    tally = judge(a_day(policies), policies)

    assert (tally.decisions, tally.equal, tally.changed, tally.without_figures) == (20, 20, [], 0)


def test_another_figure_is_asked_of_the_choices_of_a_day() -> None:
    policies = told(4.0)
    day = a_day(policies)
    policies.figures_instead["DISK_THRESHOLD"] = 6.0

    tally = judge(day, policies)

    assert (tally.decisions, tally.equal) == (20, 0)
    assert {one.today.codes["NF"] for one in tally.changed} == {"space"}


FULL = NucleusVerdict(nucleus="A", code="space", message="9 GB are usable", change="storage.space_usable_gb=100001").to_avro()


def why(**task: object) -> list[tuple[str, str, str]]:
    row = {"modified_at": 0, "message": "", "started_at": 0, "files_total": 3, "files_finished": 0, "files_failed": 0, **task}
    return [(one.says, one.change, one.who) for one in why_task(TaskFacts(task=row, now=1, jobs={}))]


def test_a_task_without_a_nucleus_says_what_would_have_to_change_at_each() -> None:
    first, second = why(status="pending", nuclei=[FULL])

    assert first[0] == "No nucleus takes its output: 1 looked at; 1 dropped by space."
    assert second == ("space: A: 9 GB are usable", "space_usable_gb of nucleus A must be 100001.", "the site")


def test_a_task_with_a_nucleus_says_how_it_came_to_it() -> None:
    taken = NucleusVerdict(nucleus="B", code="set", weight=2000.0).to_avro()

    drawn = why(status="running", nucleus="B", nuclei=[FULL, taken])[-1]
    named = why(status="running", nucleus="B", nuclei=None)[-1]

    assert drawn[0] == "Nucleus B takes its output: drawn by weight 2e+03, 2 looked at; 1 dropped by space."
    assert named[0] == "Nucleus B takes its output: a person or the task named it."
