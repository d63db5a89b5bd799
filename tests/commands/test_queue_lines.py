"""A queue of many users finds the best job by a look at a few heads, after any history."""

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from commands import undo
from commands.decision import Decision
from commands.queue import matching
from commands.queue.matching import fits
from commands.queue.missing import no_job
from commands.queue.model import DispatchQueue, evolve, initial
from commands.queue.waiting import waiting_job
from schemas.queue import JobLeased, JobQueued, JobWithdrawn, QueueEvent, TaskHeld, TaskReleased
from schemas.records import replace
from schemas.types import EventEnvelope, JobKind, JobSpec, PilotOffer

ENVELOPE = EventEnvelope(
    event_id="00000000-0000-4000-8000-000000000001",
    aggregate_id="Q",
    sequence=1,
    decision_index=0,
    decision_size=1,
    command_id="00000000-0000-4000-8000-000000000002",
    correlation_id="00000000-0000-4000-8000-000000000003",
    occurred_at=0,
    actor="a",
    vo="wlcg",
    writer_epoch=1,
    command_type="EnqueueJob",
    role="user",
)


def a_spec(job_id: int, *, task_id: int = 1, owner: str = "ann", priority: int = 1000, ram_mb: int = 2000) -> JobSpec:
    return JobSpec(
        job_id=job_id,
        task_id=task_id,
        attempt=1,
        serial=job_id,
        kind=JobKind.NORMAL,
        name=f"job.{job_id}",
        queue="Q",
        transformation="t",
        parameters="",
        ram_mb_min=ram_mb,
        priority=priority,
        label="user",
        owner=owner,
        vo="wlcg",
        user_name=owner,
        resource_type="SCORE",
        processing_type="x",
    )


def message_of(decision: Decision) -> str:
    assert decision.refusal is not None
    return decision.refusal.message


def an_offer(memory_mb: int = 0, owner: str | None = None, task_id: int | None = None) -> PilotOffer:
    return PilotOffer(pilot="p", node="n", label="", memory_mb=memory_mb, owner=owner, task_id=task_id)


def best_match(queue: DispatchQueue, offer: PilotOffer, vo: str) -> JobSpec | None:
    """What the pilot gets before any job has waited long."""
    match = matching.best_match(queue, offer, vo, 0)
    return None if match is None else queue.waiting[match.job_id].spec


def after(queue: DispatchQueue, *events: QueueEvent) -> DispatchQueue:
    for event in events:
        queue = evolve(queue, event, ENVELOPE)
    return queue


def queued(spec: JobSpec) -> JobQueued:
    return JobQueued(spec=spec, waiting=1, leased=0)


def leased(spec: JobSpec) -> JobLeased:
    return JobLeased(
        job_id=spec.job_id,
        task_id=spec.task_id,
        attempt=1,
        lease_id="l",
        pilot="p",
        node="n",
        lease_seconds=60,
        due_at=60,
        waiting=0,
        leased=1,
    )


def withdrawn(spec: JobSpec) -> JobWithdrawn:
    return JobWithdrawn(job_id=spec.job_id, reason="r", waiting=0, leased=0)


def test_the_highest_priority_goes_first_then_the_greatest_age_of_all_owners() -> None:
    queue = after(
        initial(),
        queued(a_spec(3, owner="ann", priority=1000)),
        queued(a_spec(2, owner="bob", priority=1000)),
        queued(a_spec(5, owner="cyd", priority=2000)),
    )

    taken = []
    for _ in range(3):
        spec = best_match(queue, an_offer(), "wlcg")
        assert spec is not None
        taken.append(spec.job_id)
        queue = after(queue, leased(spec))

    assert taken == [5, 2, 3]
    assert best_match(queue, an_offer(), "wlcg") is None


def test_an_offer_that_names_an_owner_gets_that_owners_jobs_only() -> None:
    queue = after(initial(), queued(a_spec(1, owner="ann")), queued(a_spec(2, owner="bob")))

    assert best_match(queue, an_offer(owner="bob"), "wlcg") == a_spec(2, owner="bob")
    assert best_match(queue, an_offer(owner="eve"), "wlcg") is None


def test_an_offer_that_names_a_task_gets_jobs_of_that_task_only() -> None:
    queue = after(initial(), queued(a_spec(1, task_id=7, priority=2000)), queued(a_spec(2, task_id=8)))

    assert best_match(queue, an_offer(task_id=8), "wlcg") == a_spec(2, task_id=8)
    assert best_match(queue, an_offer(task_id=9), "wlcg") is None
    assert message_of(no_job(queue, an_offer(task_id=9), "wlcg")) == "2 jobs wait, 2 are not of task 9: come again in 10 s"


def test_a_task_that_is_named_by_another_than_its_owner_has_no_job_for_them() -> None:
    queue = after(initial(), queued(a_spec(1, task_id=7, owner="ann")))

    assert best_match(queue, an_offer(owner="bob", task_id=7), "wlcg") is None
    told = message_of(no_job(queue, an_offer(owner="bob", task_id=7), "wlcg"))
    assert told == "1 jobs wait, 1 are not of task 7: come again in 10 s"
    assert best_match(queue, an_offer(owner="ann", task_id=7), "wlcg") == a_spec(1, task_id=7, owner="ann")


def test_a_task_on_hold_has_no_job_for_those_who_name_it() -> None:
    queue = after(initial(), queued(a_spec(1, task_id=7)), TaskHeld(task_id=7))
    assert best_match(queue, an_offer(task_id=7), "wlcg") is None

    queue = after(queue, TaskReleased(task_id=7))

    assert best_match(queue, an_offer(task_id=7), "wlcg") == a_spec(1, task_id=7)


def test_users_do_not_make_lines() -> None:
    queue = after(initial(), *(queued(a_spec(number, owner=f"user{number}")) for number in range(1, 201)))

    assert len(list(queue.lines.heads(None))) == 1


def test_a_line_of_which_most_left_is_swept() -> None:
    specs = [a_spec(number) for number in range(1, 1001)]
    queue = after(initial(), *map(queued, specs), *map(withdrawn, specs[1:]))

    (line,) = queue.lines.of_all.values()

    assert line.live == 1
    assert len(line.heap) <= 66


def test_an_entry_of_an_earlier_stay_with_other_needs_is_never_a_head() -> None:
    queue = after(initial(), queued(a_spec(1)), queued(a_spec(2)), withdrawn(a_spec(1)))

    queue = after(queue, queued(a_spec(1, ram_mb=9000)), leased(a_spec(2)))

    assert best_match(queue, an_offer(memory_mb=4000), "wlcg") is None
    assert best_match(queue, an_offer(memory_mb=9000), "wlcg") == a_spec(1, ram_mb=9000)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that may happen to a queue; `number` picks the job or task, as far as there is one."""

    name: str
    number: int
    spec: JobSpec


#: Of each task.
OWNERS = {1: "ann", 2: "bob", 3: "ann", 4: "bob"}
STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(["queue", "queue", "queue", "lease", "withdraw", "hold", "release"]),
        st.integers(0, 9),
        st.builds(
            lambda task, priority, ram: a_spec(0, task_id=task, owner=OWNERS[task], priority=priority, ram_mb=ram),
            st.integers(1, 4),
            st.sampled_from([0, 1000]),
            st.sampled_from([1000, 4000]),
        ),
    ),
    max_size=60,
)


OFFERS = (
    an_offer(),
    an_offer(2000),
    an_offer(owner="bob"),
    an_offer(2000, "ann"),
    an_offer(task_id=1),
    an_offer(2000, task_id=2),
    an_offer(owner="ann", task_id=3),
    an_offer(owner="bob", task_id=3),
)


@given(STEPS)
def test_the_best_match_is_what_a_look_at_every_waiting_job_finds(steps: list[Step]) -> None:
    queue = initial()
    for job_id, step in enumerate(steps, start=1):
        event = event_of(queue, step, job_id)
        if event is not None:
            queue = after(queue, event)

        for offer in OFFERS:
            assert best_match(queue, offer, "wlcg") == looked_up(queue, offer)


@given(STEPS, STEPS)
def test_what_was_put_back_is_found_as_before(steps: list[Step], undone: list[Step]) -> None:
    queue = initial()
    for job_id, step in enumerate(steps, start=1):
        event = event_of(queue, step, job_id)
        if event is not None:
            queue = after(queue, event)
    undo.forget()
    before = undo.mark()
    for job_id, step in enumerate(undone, start=1_000):
        event = event_of(queue, step, job_id)
        if event is not None:
            queue = after(queue, event)

    undo.put_back(before)
    undo.forget()

    for offer in OFFERS:
        assert best_match(queue, offer, "wlcg") == looked_up(queue, offer)


def event_of(queue: DispatchQueue, step: Step, job_id: int) -> QueueEvent | None:
    waiting = [job.spec for job in queue.waiting.values()]
    picked = waiting[step.number % len(waiting)] if waiting else None
    choices: dict[str, Callable[[], QueueEvent | None]] = {
        "queue": lambda: queued(replace(step.spec, job_id=job_id)),
        "lease": lambda: leased(picked) if picked and picked.task_id not in queue.held_tasks else None,
        "withdraw": lambda: withdrawn(picked) if picked else None,
        "hold": lambda: None if step.spec.task_id in queue.held_tasks else TaskHeld(task_id=step.spec.task_id),
        "release": lambda: TaskReleased(task_id=step.spec.task_id) if step.spec.task_id in queue.held_tasks else None,
    }
    return choices[step.name]()


def looked_up(queue: DispatchQueue, offer: PilotOffer) -> JobSpec | None:
    """The rule itself, at the cost of a look at everything."""
    found = [
        spec
        for spec in (job.spec for job in queue.waiting.values())
        if spec.task_id not in queue.held_tasks
        and fits(waiting_job(spec.job_id, spec, spec).needs, offer, "wlcg")
        and offer.owner in (None, spec.owner)
        and offer.task_id in (None, spec.task_id)
    ]
    return min(found, key=lambda spec: (-spec.priority, spec.job_id), default=None)
