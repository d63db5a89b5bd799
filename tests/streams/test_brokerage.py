"""Which queues may run the work: each filter once, the ranking, and the explanation."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.instants import HOUR
from schemas.streams import QueueHealth
from schemas.types import BrokerKind, QueueStatus, WorkerMode
from streams.facts.snapshot import QueueFacts
from streams.jedi.brokerage import FILTERS, broker
from streams.jedi.candidates import Asked
from streams.jedi.weights import weight_of
from tests.streams.builders import SEED, a_class, a_queue, asked

GB = 1024**3
NOON = 1_700_000_000_000_000
CASES: list[tuple[str, Asked, QueueFacts, str]] = [
    ("nonpreassigned", asked(site="OTHER"), a_queue(), "the task names OTHER"),
    ("notincluded", asked(included_sites=("A", "B*")), a_queue(), "not among the included sites A, B*"),
    ("excluded", asked(excluded_sites=("Q*",)), a_queue(), "excluded by Q*"),
    ("cloudmismatch", asked(cloud="US"), a_queue(cloud="DE"), "cloud DE, the task asks for US"),
    ("status", asked(), a_queue(status=QueueStatus.OFFLINE), "status is offline"),
    ("status", asked(), a_queue(status=QueueStatus.BROKEROFF), "status is brokeroff"),
    ("status", asked(), a_queue(status=QueueStatus.TEST), "status is test"),
    (
        "unhealthy",
        asked(site="Q1"),
        replace(a_queue(), health=QueueHealth(fingerprint="no-shared-folder", ended=4, probe_at=9)),
        (
            "4 workers in a row ended before they asked for work (no-shared-folder);"
            " the first worker that asks for work opens the queue, and one is sent each 5 to 60 minutes"
        ),
    ),
    ("vo", asked(vo="wlcg"), a_queue(vos=("lsst",)), "serves lsst, not wlcg"),
    ("label", asked(label="managed"), a_queue(labels=("user", "panda")), "serves labels user, panda, not managed"),
    (
        "container",
        asked(container=True, site="Q1"),
        a_queue(container_type="docker:wrapper;podman:middleware"),
        (
            "the task runs in a container, the queue's container_type is docker:wrapper;podman:middleware;"
            " podman:pilot says that its pilots have podman"
        ),
    ),
    (
        "disk",
        asked(disk_mb=500, largest=1 * GB),
        a_queue(workdir_mb_max=1500),
        "1524 MB of scratch space are needed, 1500 MB are there",
    ),
    (
        "shortwalltime",
        asked(walltime_seconds=7200),
        a_queue(walltime_seconds_max=3600),
        "7200 s of wall time are needed, the limit is 3600 s",
    ),
    (
        "longwalltime",
        asked(walltime_seconds=10),
        a_queue(walltime_seconds_min=60),
        "10 s of wall time are too short, the least is 60 s",
    ),
    ("cpucore", asked(core_count=8), a_queue(core_count=4), "8 cores are needed, a slot has 4"),
    (
        "class",
        asked(ram_mb=9000),
        a_queue(classes=(a_class("small", 4000), a_class("medium", 8000))),
        (
            "9000 MB, 1 cores and 0 s are needed, which none of the classes has: small (4000 MB, 1 cores, 0 s),"
            " medium (8000 MB, 1 cores, 0 s)"
        ),
    ),
    ("cpucore", asked(core_count=1), a_queue(core_count=8), "slots of 8 cores are not for jobs of one core"),
    ("lowmemory", asked(ram_mb=3000), a_queue(rss_mb_max=2500), "3000 MB of memory are needed, the limit is 2500 MB"),
    ("highmemory", asked(ram_mb=1000), a_queue(rss_mb_min=1500), "1000 MB of memory are too little, the least is 1500 MB"),
    ("processing_type", asked(processing_type="run"), a_queue(processing_types=("hpo",)), "runs hpo, not run"),
    ("processing_type", asked(processing_type="run"), a_queue(processing_types_excluded=("run",)), "does not run run"),
    ("nopilot", asked(), a_queue(allow_no_pilot=False, pilots=0), "no pilot was seen"),
    (
        "nopilot",
        replace(asked(site="Q1"), asked_at=NOON),
        replace(a_queue(waiting=7), quiet_since=NOON - 4 * HOUR),
        "7 jobs wait there and no pilot took one for 4.0 h, expected one within 3 h",
    ),
]


@pytest.mark.parametrize(("code", "work", "queue", "message"), CASES)
def test_each_filter_drops_a_queue_with_its_code(code: str, work: Asked, queue: QueueFacts, message: str) -> None:
    brokered = broker(work, [queue], (), SEED)

    assert brokered.candidates == ()
    (verdict,) = brokered.verdicts
    assert (verdict.queue, verdict.taken, verdict.code, verdict.message) == ("Q1", False, code, message)
    assert (verdict.waiting, verdict.leased, verdict.pilots) == (queue.waiting, queue.leased, queue.pilots)


def test_every_filter_has_a_case() -> None:
    assert {code for code, *_ in CASES} == {code for code, _ in FILTERS[BrokerKind.GENERIC]}


@pytest.mark.parametrize(
    ("work", "queue"),
    [
        (asked(site="Q1"), a_queue(status=QueueStatus.BROKEROFF)),
        (asked(container=True), a_queue(container_type="podman:pilot")),
        (asked(container=True), a_queue(container_type="docker:wrapper; podman")),
        (asked(site="Q.*"), a_queue(status=QueueStatus.TEST)),
        (asked(site="Q1", core_count=8), a_queue(core_count=1)),
        (asked(site="Q1", ram_mb=9000), a_queue(rss_mb_max=1000)),
        (asked(label="test"), a_queue(status=QueueStatus.TEST)),
        (asked(label="test"), a_queue(allow_no_pilot=False, pilots=0)),
        (asked(core_count=8), a_queue(core_count=0)),
        (asked(core_count=4), a_queue(core_count=8)),
        (asked(ram_mb=4000, ram_per_core=False, core_count=8), a_queue(core_count=8, rss_mb_max=4000)),
        (asked(largest=2 * GB), a_queue(workdir_mb_max=2048)),
    ],
)
def test_a_queue_that_passes_is_used(work: Asked, queue: QueueFacts) -> None:
    brokered = broker(work, [queue], (), SEED)

    assert [candidate.queue for candidate in brokered.candidates] == ["Q1"]
    assert brokered.verdicts[0].code == "use"


def test_memory_per_core_is_counted_for_the_cores_of_the_slot() -> None:
    brokered = broker(asked(ram_mb=2000, core_count=8), [a_queue(core_count=8, rss_mb_max=15_999)], (), SEED)

    assert brokered.verdicts[0].message == "16000 MB of memory are needed, the limit is 15999 MB"


def test_the_weight_favours_running_over_waiting() -> None:
    assert weight_of(a_queue(waiting=0, leased=0)) == 1.0
    assert weight_of(a_queue(waiting=3, leased=1)) == 0.5
    assert weight_of(a_queue(waiting=0, leased=9)) == 10.0


def test_candidates_come_by_weight_and_those_used_already_come_first() -> None:
    queues = [a_queue("BUSY", waiting=9), a_queue("IDLE"), a_queue("FAST", leased=4), a_queue("USED", waiting=99)]

    brokered = broker(asked(), queues, ("USED",), SEED)

    assert [candidate.queue for candidate in brokered.candidates] == ["USED", "FAST", "IDLE", "BUSY"]


def test_only_the_five_best_are_taken_and_the_others_get_a_reason() -> None:
    queues = [a_queue(f"Q{number}", waiting=number) for number in range(7)]

    brokered = broker(asked(), queues, (), SEED)

    assert [candidate.queue for candidate in brokered.candidates] == ["Q0", "Q1", "Q2", "Q3", "Q4"]
    assert [(verdict.queue, verdict.code) for verdict in brokered.verdicts[5:]] == [("Q5", "weight"), ("Q6", "weight")]
    assert brokered.verdicts[5].message == "not among the 5 best: 0 running, 5 waiting"


def test_ties_fall_by_the_seed_and_not_by_name() -> None:
    queues = [a_queue(name) for name in ("A", "B", "C", "D")]

    firsts = {broker(asked(), queues, (), f"seed-{number}").candidates[0].queue for number in range(40)}

    assert firsts == {"A", "B", "C", "D"}


QUEUES = st.lists(
    st.builds(
        lambda number, waiting, leased, status, cores: a_queue(
            f"Q{number}", waiting=waiting, leased=leased, status=status, core_count=cores
        ),
        st.integers(0, 1000),
        st.integers(0, 50),
        st.integers(0, 50),
        st.sampled_from([QueueStatus.ONLINE, QueueStatus.OFFLINE, QueueStatus.BROKEROFF]),
        st.integers(0, 8),
    ),
    max_size=20,
    unique_by=lambda queue: queue.settings.name,
)


@given(queues=QUEUES, seed=st.text(max_size=8), outgoing=st.fixed_dictionaries({"core_count": st.integers(1, 8)}))
def test_the_same_input_gives_the_same_answer_in_any_order(queues: list[QueueFacts], seed: str, outgoing: dict[str, Any]) -> None:
    forwards, backwards = broker(asked(**outgoing), queues, (), seed), broker(asked(**outgoing), queues[::-1], (), seed)

    assert forwards == backwards
    assert [verdict.queue for verdict in forwards.verdicts] == sorted(queue.settings.name for queue in queues)
    taken = {verdict.queue for verdict in forwards.verdicts if verdict.taken}
    assert taken == {candidate.queue for candidate in forwards.candidates}


@pytest.mark.parametrize(
    ("work", "queue"),
    [
        (asked(), replace(a_queue(waiting=7), quiet_since=NOON - 3 * HOUR)),
        (asked(), replace(a_queue(waiting=0), quiet_since=NOON - 9 * HOUR)),
        (asked(), replace(a_queue(waiting=7, leased=1), quiet_since=NOON - 9 * HOUR)),
        (asked(), a_queue(waiting=7)),
        (asked(label="test"), replace(a_queue(waiting=7), quiet_since=NOON - 9 * HOUR)),
        (asked(), replace(a_queue(waiting=7, mode=WorkerMode.PUSH), quiet_since=NOON - 9 * HOUR)),
    ],
)
def test_a_queue_is_not_without_pilots_before_jobs_waited_three_hours_for_one(work: Asked, queue: QueueFacts) -> None:
    brokered = broker(replace(work, asked_at=NOON), [queue], (), SEED)

    assert [one.queue for one in brokered.candidates] == ["Q1"]
