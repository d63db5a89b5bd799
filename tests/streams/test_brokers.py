"""The three brokers: each filter has a queue that it alone drops, and takes after the change that it names; boundaries."""

from dataclasses import replace as with_fields
from typing import Any

import pytest

from audit.why import TaskFacts, why_task
from schemas.brokers import FIGURES, broker_for
from schemas.instants import HOUR
from schemas.records import replace
from schemas.streams import QueueHealth
from schemas.types import (
    BrokerKind,
    BrokerRule,
    ComputingSite,
    DatasetReplicas,
    JobKind,
    NetworkLink,
    QueueStatus,
    ReplicaCopy,
    StorageElement,
)
from streams.facts.outside import OutsideFacts
from streams.facts.snapshot import EndCounts, QueueFacts
from streams.jedi.brokerage import FILTERS, NOWHERE, broker
from streams.jedi.candidates import Asked, Dropped, Surroundings, TypeLoad, UserLoad
from tests.streams.builders import SEED, a_class, a_queue, asked
from tests.streams.changes import changed

NOON = 1_700_000_000_000_000
LATE = {"walltime_seconds": 3600}
GENERIC, ANALYSIS, PRODUCTION = BrokerKind.GENERIC, BrokerKind.ANALYSIS, BrokerKind.PRODUCTION


def work(*, priority: int = 100, kind: JobKind = JobKind.NORMAL, datasets: tuple[str, ...] = (), **outgoing: Any) -> Asked:
    given = asked(**{**LATE, "io_intensity_kbps": 10.0, "disk_io_kbps": 10.0, **outgoing})
    return with_fields(given, asked_at=NOON, priority=priority, kind=kind, datasets=frozenset(datasets))


def quiet(hours: int, **load: Any) -> QueueFacts:
    return with_fields(a_queue(**load), quiet_since=NOON - hours * HOUR)


def outside(**facts: Any) -> Surroundings:
    return Surroundings(outside=OutsideFacts(**facts))


def storage(**fields: Any) -> Surroundings:
    return outside(storages={"LOCAL_DISK": StorageElement(name="LOCAL_DISK", **fields)})


def copies(files: int, here: int = 0) -> Surroundings:
    found = ReplicaCopy(storage="LOCAL_DISK", files=here, size_bytes=here * 10**9)
    row = DatasetReplicas(dataset="d", files=files, size_bytes=files * 10**9, copies=(found,) if here else ())
    return outside(replicas={"d": row})


def linked(source: str, **fields: Any) -> NetworkLink:
    return NetworkLink(source=source, destination="N", **fields)


def nucleus(*links: NetworkLink, **storage: Any) -> Surroundings:
    return outside(
        sites={"N": ComputingSite(name="N", nucleus=True, storages=("N_DISK",))},
        storages={"N_DISK": StorageElement(name="N_DISK", **storage)},
        links={(link.source, link.destination): link for link in links},
    )


def ends(**counts: int) -> Surroundings:
    return Surroundings(ends={"Q1": EndCounts(**counts)})


SHORT = Surroundings(figures={**FIGURES, "WORK_SHORTAGE": 1.0})
Case = tuple[Asked, QueueFacts, Surroundings]
CASES: dict[str, list[Case]] = {
    "nonpreassigned": [(work(site="OTHER"), a_queue(), NOWHERE)],
    "notincluded": [(work(included_sites=("A",)), a_queue(), NOWHERE)],
    "excluded": [(work(excluded_sites=("Q*", "A")), a_queue(), NOWHERE)],
    "cloudmismatch": [(work(cloud="US"), a_queue(cloud="DE"), NOWHERE), (work(cloud="US"), a_queue(), NOWHERE)],
    "status": [(work(), a_queue(status=QueueStatus.OFFLINE), NOWHERE)],
    "unhealthy": [(work(), with_fields(a_queue(), health=QueueHealth(fingerprint="no-disk", ended=3)), NOWHERE)],
    "vo": [(work(), a_queue(vos=("lsst",)), NOWHERE)],
    "label": [(work(label="managed"), a_queue(labels=("user",)), NOWHERE)],
    "container": [(work(container=True), a_queue(container_type="docker:wrapper"), NOWHERE)],
    "disk": [(work(disk_mb=500), a_queue(workdir_mb_max=499), NOWHERE)],
    "shortwalltime": [(work(), a_queue(walltime_seconds_max=3599), NOWHERE)],
    "longwalltime": [(work(), a_queue(walltime_seconds_min=3601), NOWHERE)],
    "cpucore": [
        (work(core_count=8), a_queue(core_count=4), NOWHERE),
        (work(core_count=1), a_queue(core_count=8), NOWHERE),
    ],
    "lowmemory": [(work(ram_mb=4000), a_queue(rss_mb_max=3599), NOWHERE)],
    "highmemory": [(work(ram_mb=1000), a_queue(rss_mb_min=1001), NOWHERE)],
    "class": [(work(ram_mb=9000), a_queue(classes=(a_class("small", 4000, walltime_seconds=9000),)), NOWHERE)],
    "processing_type": [
        (work(processing_type="run"), a_queue(processing_types=("hpo",)), NOWHERE),
        (work(processing_type="run"), a_queue(processing_types_excluded=("run",)), NOWHERE),
    ],
    "nopilot": [(work(), a_queue(allow_no_pilot=False, pilots=0), NOWHERE), (work(), quiet(4, waiting=7), NOWHERE)],
    "fileunavailable": [(work(datasets=("d",), io_intensity_kbps=None), a_queue(), copies(10))],
    "zeroshare": [(work(), a_queue(fairshare_policy="type=hpo:0,priority<400:0%,type=any:100%"), NOWHERE)],
    "diskIO": [(work(disk_io_kbps=100.5), a_queue(disk_io_kbps_max=100.0), NOWHERE)],
    "max_io_intensity": [(work(io_intensity_kbps=100.5), a_queue(io_intensity_kbps_max=100.0), NOWHERE)],
    "closed": [(work(), a_queue(), ends(closed=1))],
    "blacklist": [
        (work(), a_queue(), storage(write_lan=False, space_usable_gb=200)),
        (work(), a_queue(), storage(space_usable_gb=200, down_from=NOON)),
    ],
    "scout_walltime": [(work(kind=JobKind.MERGE), a_queue(walltime_seconds_max=86_399), NOWHERE)],
    "min_walltime": [(work(walltime_seconds=0), a_queue(walltime_seconds_max=43_199, corepower=20.0), NOWHERE)],
    "cap_rt": [
        (work(), a_queue(), Surroundings(types={"Q1": TypeLoad(21, 0)})),
        (work(), a_queue(), Surroundings(types={"Q1": TypeLoad(27, 13)})),
    ],
    "hospital": [(work(), a_queue("X_HOSPITAL"), Surroundings(normal=True))],
    "non_pledged": [(work(), a_queue(opportunistic=True), SHORT)],
    "over_pledged": [(work(), a_queue(pledged_cores=100), with_fields(SHORT, types={"Q1": TypeLoad(cores=101)}))],
    "overloaded": [(work(), a_queue(waiting=21, leased=100), Surroundings(waiting=10, running=1000))],
    "tmp_user_problem": [(work(), a_queue(), Surroundings(users={"Q1": UserLoad(100, 50, 4, 26, 0)}))],
    "badsite": [(work(), a_queue(), ends(failed=6)), (work(), a_queue(), ends(failed=9, finished=4))],
    "opportunistic": [(work(priority=800), a_queue(opportunistic=True), NOWHERE)],
    "inactive": [(work(priority=800), quiet(3, waiting=7, leased=9), NOWHERE)],
    "t1weight": [
        (work(), a_queue(), outside(sites={"SITE": ComputingSite(name="SITE", t1_weight=-1.0)})),
        (work(nucleus="N"), a_queue(), outside(sites={"SITE": ComputingSite(name="SITE", t1_weight=-1.0)})),
    ],
    "dest_blacklisted": [(work(nucleus="N"), a_queue(), nucleus(write_wan=False))],
    "links_full": [(work(nucleus="N"), a_queue(), nucleus(linked("OTHER", files_queued=10_000)))],
    "link_unusable": [
        (work(nucleus="N"), a_queue(), nucleus(linked("SITE", blocked=True))),
        (work(nucleus="N"), a_queue(), nucleus(linked("SITE", files_queued=150))),
    ],
    "io": [(work(datasets=("d",), io_intensity_kbps=201.0), a_queue(), copies(101)) ],
    "cap": [
        (work(), a_queue(), Surroundings(users={"Q1": UserLoad(21, 0, 1, 0, 0)})),
        (work(), a_queue(), Surroundings(users={"Q1": UserLoad(27, 13, 1, 0, 0)})),
    ],
}
#: The same code is given by two filters, of which one asks for storage.
SPACE: list[Case] = [
    (work(), a_queue(), storage(space_usable_gb=199)),
    (work(), a_queue(), storage(space_total_gb=1000, space_used_gb=700, space_min_free_gb=101)),
]
ALL = [
    (kind, code, case)
    for kind, row in FILTERS.items()
    for code in dict(row)
    for case in [*CASES[code], *(SPACE if code == "disk" and kind is not GENERIC else ())]
]


@pytest.mark.parametrize(("kind", "code", "case"), ALL)
def test_each_filter_alone_drops_a_queue_and_takes_it_after_the_change_that_it_names(
    kind: BrokerKind, code: str, case: Case
) -> None:
    given, queue, around = case
    others = [test(*case) for other, test in FILTERS[kind] if other != code]
    assert not [found for found in others if isinstance(found, Dropped)]

    (verdict,) = broker(given, [queue], (), SEED, kind=kind, around=around).verdicts
    facts = TaskFacts(task={"status": "pending", "modified_at": 0}, now=1, jobs={}, verdicts=[verdict.to_avro()])
    _, reason = why_task(facts)
    again = changed(verdict.change, given, queue, around)
    after = broker(again[0], [again[1]], (), SEED, kind=kind, around=again[2])

    assert (verdict.code, verdict.taken) == (code, False)
    assert reason.change.endswith(f" must be {verdict.change.partition('=')[2]}.")
    assert [one.code for one in after.verdicts] == ["use"]


PASSING: list[tuple[BrokerKind, Case]] = [
    (ANALYSIS, (work(ram_mb=4000), a_queue(rss_mb_max=3600), NOWHERE)),
    (GENERIC, (work(ram_mb=4000), a_queue(rss_mb_max=4000), NOWHERE)),
    (ANALYSIS, (work(disk_io_kbps=100.0), a_queue(disk_io_kbps_max=100.0), NOWHERE)),
    (ANALYSIS, (work(io_intensity_kbps=100.0), a_queue(io_intensity_kbps_max=100.0), NOWHERE)),
    (ANALYSIS, (work(), a_queue(), storage(space_usable_gb=200))),
    (ANALYSIS, (work(), a_queue(), storage(down_from=NOON - 9, down_until=NOON, space_usable_gb=200))),
    (ANALYSIS, (work(), a_queue(), storage(down_from=NOON + 1, space_usable_gb=200))),
    (ANALYSIS, (work(kind=JobKind.MERGE), a_queue(walltime_seconds_max=86_400), NOWHERE)),
    (ANALYSIS, (work(walltime_seconds=0), a_queue(walltime_seconds_max=0), NOWHERE)),
    (ANALYSIS, (work(), a_queue(waiting=20), Surroundings(waiting=20, running=100))),
    (ANALYSIS, (work(), a_queue(), Surroundings(types={"Q1": TypeLoad(20, 0)}))),
    (ANALYSIS, (work(), a_queue(), Surroundings(types={"Q1": TypeLoad(26, 13)}))),
    (ANALYSIS, (work(), a_queue("X_HOSPITAL"), NOWHERE)),
    (PRODUCTION, (work(), a_queue(), Surroundings(users={"Q1": UserLoad(26, 13, 1, 0, 0)}))),
    (PRODUCTION, (work(), a_queue(opportunistic=True), NOWHERE)),
    (PRODUCTION, (work(), a_queue(pledged_cores=100), with_fields(SHORT, types={"Q1": TypeLoad(cores=100)}))),
    (PRODUCTION, (work(site="Q1"), a_queue(opportunistic=True), SHORT)),
    (ANALYSIS, (work(), a_queue(waiting=24, leased=20), Surroundings(waiting=100, running=100))),
    (ANALYSIS, (work(), a_queue(waiting=200, leased=100), Surroundings(waiting=200, running=100))),
    (ANALYSIS, (work(), a_queue(), ends(failed=5))),
    (ANALYSIS, (work(), a_queue(), ends(failed=8, finished=4))),
    (ANALYSIS, (work(), a_queue(fairshare_policy="priority>=100:50,type=any:0"), NOWHERE)),
    (ANALYSIS, (work(), a_queue(fairshare_policy="group=higgs:0,gshare=x:0,type=(.*)*x:0"), NOWHERE)),
    (ANALYSIS, (work(datasets=("d",)), a_queue(), copies(10, here=1))),
    (ANALYSIS, (work(datasets=("d",), priority=2000, io_intensity_kbps=None), a_queue(), copies(10))),
    (ANALYSIS, (work(datasets=("d",), io_intensity_kbps=1.0), a_queue(), copies(10))),
    (PRODUCTION, (work(priority=799), a_queue(opportunistic=True), NOWHERE)),
    (PRODUCTION, (work(priority=800), quiet(2, waiting=7), NOWHERE)),
    (PRODUCTION, (work(priority=799), quiet(3, waiting=7), NOWHERE)),
    (PRODUCTION, (work(datasets=("d",), io_intensity_kbps=200.0), a_queue(), copies(101))),
    (PRODUCTION, (work(datasets=("d",), io_intensity_kbps=201.0), a_queue(), copies(10))),
    (PRODUCTION, (work(datasets=("d",), io_intensity_kbps=201.0), a_queue(), copies(200, here=190))),
    (PRODUCTION, (work(), a_queue(), outside(sites={"SITE": ComputingSite(name="SITE", t1_weight=0.0)}))),
    (PRODUCTION, (work(nucleus="SITE"), a_queue(), outside(sites={"SITE": ComputingSite(name="SITE", t1_weight=-1.0)}))),
    (PRODUCTION, (work(nucleus="N"), a_queue(), nucleus(linked("SITE", files_queued=149)))),
    (PRODUCTION, (work(nucleus="N"), a_queue(), nucleus(linked("OTHER", files_queued=9_999)))),
    (PRODUCTION, (work(nucleus="N"), a_queue(site="N"), nucleus(linked("OTHER", files_queued=10_000), write_wan=False))),
    (PRODUCTION, (work(), a_queue(), nucleus(linked("SITE", blocked=True), write_wan=False))),
]


@pytest.mark.parametrize(("kind", "case"), PASSING)
def test_a_queue_at_the_boundary_is_taken(kind: BrokerKind, case: Case) -> None:
    given, queue, around = case

    (verdict,) = broker(given, [queue], (), SEED, kind=kind, around=around).verdicts

    assert (verdict.code, verdict.message.split(" ")[1]) == ("use", "running,")


def test_a_filter_whose_facts_are_not_known_lets_the_queue_pass_and_is_named() -> None:
    unknown = work(datasets=("d",), io_intensity_kbps=None, disk_io_kbps=None)

    (analysis,) = broker(unknown, [a_queue()], (), SEED, kind=ANALYSIS).verdicts
    (production,) = broker(unknown, [a_queue()], (), SEED, kind=PRODUCTION).verdicts
    (generic,) = broker(unknown, [a_queue()], (), SEED).verdicts

    assert (analysis.code, analysis.untested) == ("use", ("fileunavailable", "diskIO", "disk", "blacklist", "tmp_user_problem"))
    assert (production.code, production.untested) == ("use", ("diskIO", "disk", "t1weight", "io"))
    assert generic.untested == ()


def test_figures_of_the_policy_move_the_boundaries() -> None:
    figures = {**FIGURES, "STORAGE_MIN_FREE_SIZE": 199.0}

    around = with_fields(storage(space_usable_gb=199), figures=figures)

    assert broker(work(), [a_queue()], (), SEED, kind=ANALYSIS, around=around).verdicts[0].code == "use"


def test_the_brokers_of_analysis_and_production_take_ten_queues() -> None:
    queues = [a_queue(f"Q{number:02d}") for number in range(20)]

    assert [len(broker(work(), queues, (), SEED, kind=kind).candidates) for kind in FILTERS] == [5, 10, 10]


def test_the_first_rule_that_fits_vo_and_label_names_the_broker() -> None:
    rules = (
        BrokerRule(vo="atlas", label="managed", broker=PRODUCTION),
        BrokerRule(vo="atlas", broker=ANALYSIS),
        BrokerRule(label="test", broker=PRODUCTION),
    )

    found = [broker_for(rules, vo, label) for vo, label in (("atlas", "managed"), ("atlas", "user"), ("wlcg", "test"))]

    assert found == [PRODUCTION, ANALYSIS, PRODUCTION]
    assert broker_for(rules, "wlcg", "user") is GENERIC


def test_the_change_counts_only_where_nothing_else_stands_in_the_way() -> None:
    queue = a_queue(status=QueueStatus.OFFLINE, rss_mb_max=100)

    (verdict,) = broker(work(), [queue], (), SEED).verdicts
    online = replace(queue.settings, status=QueueStatus.ONLINE)
    (after,) = broker(work(), [with_fields(queue, settings=online)], (), SEED).verdicts

    assert (verdict.code, verdict.change) == ("status", 'queue.status="ONLINE"')
    assert (after.code, after.change) == ("lowmemory", "queue.rss_mb_max=2000")
