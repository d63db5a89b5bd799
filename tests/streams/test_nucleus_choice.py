"""Orders that wait for a nucleus: whose they are, what is answered, and what the decision rests on."""

import json
from dataclasses import replace as with_fields
from typing import Any

import pytest

from schemas.brokers import FIGURES, chooses_nucleus
from schemas.records import replace
from schemas.task import AssignNucleus, GenerateJobs, JobsOrdered, ParkTask, SubmitTask, TaskSubmitted
from schemas.types import BrokerFigure, BrokerKind, BrokerRule, ComputingSite, JobKind, NetworkLink, Requirements, StorageElement
from streams.engine.messages import RecordRead
from streams.facts.outside import OutsideFacts
from streams.facts.snapshot import Snapshot
from streams.jedi.candidates import Surroundings
from streams.jedi.nucleus_choice import waits_for_nucleus, with_nucleus_wanted
from streams.jedi.reactions import Generation, refine_submitted
from streams.jedi.weights import link_factor, nucleus_factor
from tests.commands.in_memory import Culm, a_culm
from tests.streams.builders import a_definition, a_queue, a_submission, asked, files, record_read

RULES = (
    BrokerRule(vo="wlcg", label="managed", broker=BrokerKind.PRODUCTION, nuclei=True),
    BrokerRule(vo="wlcg", broker=BrokerKind.ANALYSIS),
)
FULL = StorageElement(name="F", space_total_gb=900_000, space_usable_gb=9)
ROOMY = StorageElement(name="R", space_total_gb=900_000, space_usable_gb=500_000)
SITES = {
    "FULL": ComputingSite(name="FULL", nucleus=True, storages=("F",)),
    "ROOMY": ComputingSite(name="ROOMY", nucleus=True, storages=("R",)),
}
WORLD = OutsideFacts(sites=SITES, storages={"F": FULL, "R": ROOMY})
FACTS = Snapshot({"Q1": a_queue()}, position="here", outside=WORLD, broker_rules=RULES, nuclei={"ROOMY": 7.0})


def an_order(*, wanted: bool = True, used: tuple[str, ...] = (), kind: JobKind = JobKind.NORMAL, **asks: Any) -> JobsOrdered:
    required = Requirements(**{"label": "managed", **asks})
    definition = replace(a_definition(), requirements=required, nucleus_wanted=wanted)
    return JobsOrdered(
        order=1, kind=kind, units=tuple(files(3)), definition=definition, task_id=1, priority=100, queues_used=used
    )


def answer(order: JobsOrdered, facts: Snapshot = FACTS) -> Any:
    (made,) = Generation().choose([record_read(order, "1", 5)], facts)
    return made.command


def test_the_first_rule_that_fits_says_whether_a_nucleus_is_chosen() -> None:
    found = [chooses_nucleus(RULES, vo, label) for vo, label in (("wlcg", "managed"), ("wlcg", "user"), ("lsst", "managed"))]

    assert found == [True, False, False]
    assert chooses_nucleus((), "wlcg", "managed") is False


def test_a_definition_is_marked_by_the_rule_for_its_label() -> None:
    managed = replace(a_definition(), requirements=Requirements(label="managed"))

    found = [with_nucleus_wanted(one, RULES, "wlcg").nucleus_wanted for one in (managed, a_definition())]

    assert found == [True, False]


def test_an_order_before_the_first_jobs_is_answered_with_a_nucleus_and_what_was_said_of_each() -> None:
    found = answer(an_order())

    assert isinstance(found, AssignNucleus)
    assert (found.order, found.nucleus, found.facts_position) == (1, "ROOMY", "here")
    assert [(one.nucleus, one.code, one.work) for one in found.verdicts] == [("FULL", "space", 0.0), ("ROOMY", "set", 7.0)]
    assert found.verdicts[0].change == "storage.space_usable_gb=100001"


def test_where_no_nucleus_passes_the_task_waits_and_says_why() -> None:
    full = OutsideFacts(sites=SITES, storages={"F": FULL, "R": replace(FULL, name="R")})

    found = answer(an_order(), with_fields(FACTS, outside=full))

    assert isinstance(found, ParkTask)
    assert [one.code for one in found.nuclei] == ["space", "space"]
    assert found.message.startswith("none of 2 nuclei can take the output of the task: 2 by space (FULL: 9 GB are usable in F")
    assert answer(an_order(), with_fields(FACTS, outside=OutsideFacts())).message.startswith("no source names a nucleus")


@pytest.mark.parametrize(
    ("order", "rules"),
    [
        (an_order(wanted=False), RULES),
        (an_order(), ()),
        (an_order(nucleus="ROOMY"), RULES),
        (an_order(used=("Q1",)), RULES),
        (an_order(kind=JobKind.MERGE), RULES),
        (an_order(label="user"), RULES),
    ],
)
def test_all_else_is_brokered_as_before(order: JobsOrdered, rules: tuple[BrokerRule, ...]) -> None:
    assert waits_for_nucleus(order, "wlcg", with_fields(FACTS, broker_rules=rules)) is False


def test_with_its_nucleus_the_order_is_brokered() -> None:
    assert isinstance(answer(an_order(nucleus="ROOMY")), GenerateJobs)


def test_output_of_the_work_that_is_there_already_fills_a_nucleus() -> None:
    order = an_order(walltime_seconds=86_400, output_mb=1024)

    found = [answer(order, with_fields(FACTS, nuclei={"ROOMY": work})) for work in (399_999.0, 400_000.0)]

    assert [type(one) for one in found] == [AssignNucleus, ParkTask]


@pytest.mark.parametrize(
    ("site", "priority", "intensity", "factor"),
    [("N", 899, 500.0, 1.0), ("N", 899, 501.0, 4.0), ("N", 900, 501.0, 100.0), ("S", 900, 501.0, 1.0)],
)
def test_queues_of_the_nucleus_are_preferred_for_urgent_work_and_for_much_input(
    site: str, priority: int, intensity: float, factor: float
) -> None:
    given = with_fields(asked(nucleus="N", io_intensity_kbps=intensity), priority=priority)

    assert nucleus_factor(given, a_queue(site=site)) == factor


def test_the_link_to_the_nucleus_weighs_where_the_policy_says_so() -> None:
    link = NetworkLink(source="S", destination="N", files_queued=75, mb_per_second=200.0)
    outside, active = OutsideFacts(links={("S", "N"): link}), {**FIGURES, "NW_ACTIVE": 1.0}
    here, given = Surroundings(outside, active), asked(nucleus="N")

    found = [link_factor(given, a_queue(site=site), here) for site in ("N", "S", "UNKNOWN")]

    assert found == [2.5, 1.75, pytest.approx(1.65)]
    assert link_factor(given, a_queue(site="N"), Surroundings(outside)) == 1.0
    assert link_factor(asked(), a_queue(site="S"), here) == 1.0


def test_a_figure_of_the_policy_lets_more_nuclei_pass() -> None:
    figures = (BrokerFigure(key="DISK_THRESHOLD", value=8),)

    found = answer(an_order(), with_fields(FACTS, broker_figures=figures))

    assert {one.code for one in found.verdicts} == {"set", "weight"}


def test_from_its_submission_to_its_jobs_a_task_gets_its_nucleus_once() -> None:
    culm, generation, task = a_culm(), Generation(), "10000001"
    parameters = json.dumps(a_submission(prodSourceLabel="managed"))
    culm.send(
        SubmitTask(
            task_id=int(task), name="t", user_name="J", nickname="j", label="managed", priority=1, parameters_json=parameters
        ),
        task,
    )
    for made in refine_submitted(read(culm, TaskSubmitted), "http://127.0.0.1", FACTS):
        culm.send(made.command, task, role="system")
    for _ in range(2):
        for made in list(generation.choose(read(culm, JobsOrdered)[-1:], FACTS)):
            culm.send(made.command, task, role="system")

    names = [name for name in culm.names() if name in ("JobsOrdered", "NucleusAssigned", "JobsGenerated")]
    orders = [event for event, _ in culm.events if isinstance(event, JobsOrdered)]

    assert names == ["JobsOrdered", "NucleusAssigned", "JobsOrdered", "JobsGenerated"]
    assert [order.definition.requirements.nucleus for order in orders] == [None, "ROOMY"]
    assert culm.state("task", task).status == "running"


def read(culm: Culm, kind: type) -> list[RecordRead]:
    return [RecordRead(event, cause, "t", 0, 1) for event, cause in culm.events if isinstance(event, kind)]
