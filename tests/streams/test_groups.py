"""Jobs by queue, share, resource type, user and state: what facts say is what a recount of the queues' jobs gives."""

from collections import Counter
from random import Random

import pytest

from schemas.policy import QueueConfigured
from schemas.queue import (
    AssignJobShares,
    ConfigureDispatch,
    EndLease,
    EndLeases,
    EnqueueJob,
    JobQueued,
    LeaseJob,
    RevokeLeases,
    WithdrawJob,
)
from schemas.records import replace
from schemas.types import JobGroupLoad, LeaseEnding, PilotOffer, QueueSettings
from streams.engine.decoder import Decoder
from streams.facts.groups import Level
from streams.facts.reader import Facts
from streams.facts.snapshot import Snapshot
from tests.commands.in_memory import Culm, a_culm
from tests.commands.test_queue_lines import a_spec
from tests.streams.builders import an_envelope
from tests.streams.test_facts import CODEC, FakeMessage, facts_after, take

QUEUES = ("Q1", "Q2")
SHARES, TYPES, OWNERS = ("Production", "Analysis", "Undefined"), ("SCORE", "MCORE"), ("ada", "bob")


def jobs_then(seed: int) -> tuple[Culm, Snapshot]:
    """Two queues with 60 jobs that come and go by the seed, and the facts of a reader that took the events in batches."""
    random, culm = Random(seed), a_culm()
    for queue in QUEUES:
        culm.send(ConfigureDispatch(settings=QueueSettings(name=queue, site="S")), queue, role="system")
    for number in range(1, 61):
        queue = random.choice(QUEUES)
        spec = replace(
            a_spec(number),
            queue=queue,
            task_id=random.randint(1, 3),
            share=random.choice(SHARES),
            resource_type=random.choice(TYPES),
            owner=random.choice(OWNERS),
            working_group=random.choice((None, "higgs")),
            core_count=random.choice((1, 8)),
        )
        culm.send(EnqueueJob(spec=spec), queue, role="system")
        step(culm, random)
    return culm, read_in_batches(culm, random)


def step(culm: Culm, random: Random) -> None:
    """Something that happens to the jobs of a queue."""
    queue, job_id = random.choice(QUEUES), random.randint(1, 60)
    match random.randint(0, 5):
        case 0 | 1:
            culm.send(LeaseJob(offer=PilotOffer(pilot="p", label="", cores=8)), queue, actor="p", role="pilot")
        case 2:
            culm.send(WithdrawJob(job_id=job_id, reason="killed"), queue, role="system")
        case 3:
            culm.send(EndLease(job_id=job_id, ending=LeaseEnding.JOB_ENDED), queue, role="system")
        case 4:
            task_id, share, running = random.randint(1, 3), random.choice(SHARES[:2]), random.random() < 0.5
            command = AssignJobShares(task_id=task_id, share=share, running=running)
            culm.send(command, queue, role="system")
        case _:
            rest = RevokeLeases(holder="p") if random.random() < 0.2 else EndLeases(job_ids=(job_id, job_id + 1))
            culm.send(rest, queue, role="system")


def read_in_batches(culm: Culm, random: Random) -> Snapshot:
    facts = Facts("nowhere", Decoder(CODEC))
    keys = {queue: an_envelope(queue) for queue in QUEUES}
    rows = [
        FakeMessage("culm.queue.events.v1", envelope.aggregate_id, CODEC.encode(event, keys[envelope.aggregate_id]), number)
        for number, (event, envelope) in enumerate(culm.events, start=1)
        if envelope.aggregate_id in QUEUES and type(event).__module__ == JobQueued.__module__
    ]
    for queue in QUEUES:
        settings = QueueConfigured(settings=QueueSettings(name=queue, site="S"))
        take(facts, FakeMessage("culm.policy.events.v1", queue, CODEC.encode(settings, an_envelope(queue)), 1))
    while rows:
        number = random.randint(1, 9)
        take(facts, *rows[:number])
        del rows[:number]
    return facts.snapshot()


def recounted(culm: Culm, queue: str) -> dict[tuple[str, str, str, str], tuple[int, int, int]]:
    """From the jobs and leases that the queue has, by the specifications with which they came."""
    specs = {event.spec.job_id: event.spec for event, _ in culm.events if isinstance(event, JobQueued)}
    state = culm.state("queue", queue)
    found: Counter[tuple[tuple[str, str, str, str], int]] = Counter()
    for job_id, job in state.waiting.items():
        spec = specs[job_id]
        found[(job.needs.share, spec.resource_type, spec.owner, spec.working_group or ""), 0] += 1
    for job_id, lease in state.leases.items():
        spec = specs[job_id]
        group = (lease.share, spec.resource_type, spec.owner, spec.working_group or "")
        found[group, 1] += 1
        found[group, 2] += spec.core_count
    return {group: (found[group, 0], found[group, 1], found[group, 2]) for group, _ in found}


@pytest.mark.parametrize("seed", range(8))
def test_facts_are_a_recount_of_the_jobs_of_each_queue(seed: int) -> None:
    culm, facts = jobs_then(seed)

    for queue in QUEUES:
        groups = facts.queues[queue].groups
        told = {
            (one.share, one.resource_type, one.owner, one.working_group): (one.waiting, one.leased, one.cores) for one in groups
        }
        assert told == recounted(culm, queue)


@pytest.mark.parametrize("seed", range(4))
def test_levels_are_sums_over_all_queues(seed: int) -> None:
    _, facts = jobs_then(seed)

    groups = [one for queue in facts.queues.values() for one in queue.groups]
    of_ada = [one for one in groups if one.owner == "ada"]
    of_higgs = [one for one in groups if one.working_group == "higgs"]
    analysis = [one for one in groups if (one.share, one.resource_type) == ("Analysis", "MCORE")]
    assert facts.levels.by_user["wlcg", "ada"] == summed(of_ada)
    assert facts.levels.of_account("wlcg", "ada", "higgs") == summed(of_higgs)
    assert facts.levels.by_type.get(("Analysis", "MCORE"), Level()) == summed(analysis)


def summed(groups: list[JobGroupLoad]) -> Level:
    return Level(sum(one.waiting for one in groups), sum(one.leased for one in groups), sum(one.cores for one in groups))


def test_a_group_without_jobs_leaves_the_facts() -> None:
    group = JobGroupLoad(share="Analysis", resource_type="SCORE", vo="wlcg", owner="ada", waiting=1, leased=0, cores=0)
    queued = JobQueued(spec=a_spec(1), waiting=1, leased=0, groups=(group,))
    facts = facts_after(("Q1", QueueConfigured(settings=QueueSettings(name="Q1", site="S"))), ("Q1", queued))
    assert facts.snapshot().queues["Q1"].groups == (group,)

    gone = JobQueued(spec=a_spec(1), waiting=0, leased=0, groups=(replace(group, waiting=0),))
    take(facts, FakeMessage("culm.queue.events.v1", "Q1", CODEC.encode(gone, an_envelope("Q1", 9)), 9))

    assert facts.snapshot().queues["Q1"].groups == ()
    assert facts.snapshot().levels.by_user == {}
