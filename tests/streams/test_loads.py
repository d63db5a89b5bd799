"""Jobs by share, user and resource type in brokerage: what is counted, the stabilizer in use, and the decision made again."""

from dataclasses import replace as with_fields
from typing import Any

from audit.decisions import facts_of
from audit.policies_at import Policies
from schemas.policy import BrokersSet, QueueConfigured
from schemas.reading import Place, Recorded
from schemas.records import replace
from schemas.task import JobsOrdered
from schemas.types import BrokerFigure, BrokerKind, BrokerRule, JobGroupLoad, JobKind, QueueVerdict, Requirements
from streams.facts.snapshot import QueueFacts, Snapshot
from streams.jedi.candidates import TypeLoad, UserLoad
from streams.jedi.generate import generate
from streams.jedi.loads import loads_by_queue
from tests.streams.builders import a_definition, a_queue, an_envelope, asked, files

RULES = (BrokerRule(broker=BrokerKind.ANALYSIS),)
POSITION = "culm.policy.events.v1:0:3"
SEED = "00000000-0000-5000-8000-000000000007"


def group(owner: str, waiting: int, leased: int = 0, **fields: Any) -> JobGroupLoad:
    given = {"share": "Analysis", "resource_type": "SCORE", "vo": "wlcg", "cores": leased, **fields}
    return JobGroupLoad(owner=owner, waiting=waiting, leased=leased, **given)


GROUPS = (
    group("ada", 26, 10),
    group("bob", 60, 30),
    group("ada", 14, 10, resource_type="MCORE", cores=80),
    group("eve", 500, 70, share="Production"),
)


def a_world(groups: tuple[JobGroupLoad, ...], *figures: BrokerFigure, starts: int = 0) -> Snapshot:
    waiting, leased = sum(one.waiting for one in groups), sum(one.leased for one in groups)
    rows = {"Q1": with_fields(a_queue("Q1", waiting=waiting, leased=leased), groups=groups, starts=starts), "Q2": a_queue("Q2")}
    return Snapshot(rows, position=POSITION, broker_rules=RULES, broker_figures=figures)


def an_order(owner: str) -> JobsOrdered:
    required = Requirements(walltime_seconds=60)
    definition = replace(a_definition(requirements=required), share="Analysis")
    return JobsOrdered(
        order=1, kind=JobKind.NORMAL, units=tuple(files(1)), definition=definition, task_id=1, priority=1, owner=owner
    )


def verdicts(owner: str, world: Snapshot) -> dict[str, QueueVerdict]:
    made = generate(an_order(owner), "wlcg", world, SEED)
    return {one.queue: one for one in made.decided[0].evidence.verdicts}


def test_jobs_are_counted_by_share_user_and_type_and_cores_of_all() -> None:
    given = with_fields(asked(), share="Analysis", owner="ada")

    found = loads_by_queue(a_world(GROUPS).queues.values(), given, "SCORE")

    assert found == {
        "Q1": (UserLoad(100, 50, 2, 40, 20), TypeLoad(86, 40, 190)),
        "Q2": (UserLoad(0, 0, 0, 0, 0), TypeLoad(0, 0, 0)),
    }


def test_loads_are_not_known_of_a_queue_whose_jobs_have_no_groups_nor_for_work_of_which_the_owner_is_not_known() -> None:
    queues: list[QueueFacts] = [a_queue("OLD", waiting=5)]

    assert loads_by_queue(queues, with_fields(asked(), owner="ada"), "SCORE") == {}
    assert loads_by_queue([a_queue()], asked(), "SCORE") == {}


def test_the_stabilizer_holds_a_user_back_where_too_many_jobs_of_the_user_wait() -> None:
    world = a_world((group("ada", 51, 20), group("bob", 49, 30)), BrokerFigure(key="OVERLOAD_MIN_QUEUE", value=1000))

    ada, carl = verdicts("ada", world), verdicts("carl", world)

    assert (ada["Q1"].code, ada["Q1"].change) == ("tmp_user_problem", "users.user_queued=50")
    assert (carl["Q1"].code, carl["Q2"].code) == ("use", "use")
    assert "tmp_user_problem" not in ada["Q2"].untested


def test_a_decision_comes_out_the_same_on_the_loads_in_its_verdicts() -> None:
    figures = (BrokerFigure(key="OVERLOAD_MIN_QUEUE", value=1000), BrokerFigure(key="NQUEUELIMITSITE", value=90))
    policies = Policies()
    queues = [QueueConfigured(settings=a_queue(name).settings) for name in ("Q1", "Q2")]
    told = (BrokersSet(rules=RULES, figures=figures), *queues)
    for offset, event in enumerate(told):
        policies.tell(Recorded(Place("culm.policy.events.v1", 0, offset), event, an_envelope(f"p.{offset}")))
    world = a_world((group("ada", 51, 20), group("bob", 49, 30)), *figures, starts=60)
    made = generate(an_order("ada"), "wlcg", world, SEED)

    facts = facts_of(made.decided[0].evidence, policies, 1)

    assert facts is not None
    again = generate(an_order("ada"), "wlcg", facts, SEED)
    assert again == made
    assert made.decided[0].evidence.verdicts[0].loads == (100, 50, 2, 51, 20, 100, 50, 50, 60)


def test_a_queue_below_the_least_weight_is_dropped_last() -> None:
    world = a_world((group("bob", 9, 0),), BrokerFigure(key="MIN_WEIGHT", value=0.5))

    found = verdicts("ada", world)

    assert (found["Q1"].code, found["Q1"].message) == ("below_min_weight", "its weight is 0.1, the least is 0.5")
    assert found["Q2"].code == "use"
