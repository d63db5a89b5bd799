"""The task broker: each filter drops a nucleus alone and takes it after the change it names; boundaries, weight and draw."""

import json
from typing import Any

import pytest

from schemas.brokers import FIGURES
from schemas.records import replace
from schemas.types import ComputingSite, DatasetReplicas, NetworkLink, ReplicaCopy, StorageElement, StorageMedium
from streams.facts.outside import OutsideFacts
from streams.jedi.nuclei import FILTERS, NucleusAsked, choose_nucleus

NOON = 1_700_000_000_000_000
SMALL = {**FIGURES, "NQUEUED_NUC_CAP": 100.0, "INPUT_SIZE_THRESHOLD": 10.0, "INPUT_NUM_THRESHOLD": 10.0}
LOCAL = {**SMALL, "INPUT_SIZE_FRACTION": 0.5, "INPUT_NUM_FRACTION": 0.5}
DISK = StorageElement(name="N_DISK", space_total_gb=400_000, space_usable_gb=200_000)


def a_site(**fields: Any) -> ComputingSite:
    return ComputingSite(**{"name": "N", "nucleus": True, "storages": ("N_DISK",), **fields})


def world(
    site: ComputingSite | None = None, disk: StorageElement | None = DISK, backlog: int = 0, here: int = 0, **input_is: int
) -> OutsideFacts:
    files, gigabytes = input_is.get("files", 0), input_is.get("gigabytes", 0)
    copies = (ReplicaCopy(storage="N_DISK", files=min(here, files), size_bytes=here * 1024**3),) if here else ()
    row = DatasetReplicas(dataset="d", files=files, size_bytes=gigabytes * 1024**3, copies=copies)
    return OutsideFacts(
        storages={"N_DISK": disk} if disk else {},
        sites={"N": site or a_site()},
        links={("X", "N"): NetworkLink(source="X", destination="N", files_queued=backlog)},
        replicas={"d": row},
    )


def asked(**fields: Any) -> NucleusAsked:
    return NucleusAsked(**{"datasets": frozenset({"d"}), "asked_at": NOON, **fields})


#: Code -> what is asked, the world in which the filter drops N, the work that N has.
CASES: dict[str, tuple[NucleusAsked, OutsideFacts, float]] = {
    "status": (asked(), world(a_site(down_from=NOON)), 0),
    "transfer_backlog": (asked(), world(backlog=100), 0),
    "match": (asked(), world(a_site(storages=())), 0),
    "source_blacklist": (asked(), world(disk=replace(DISK, read_wan=False)), 0),
    "destination_blacklist": (asked(), world(disk=replace(DISK, write_wan=False)), 0),
    "space": (asked(output_gb_by_work=10.0), world(), 10_000),
    "insize": (asked(), world(files=1, gigabytes=20, here=10), 0),
    "innum": (asked(), world(files=20, here=10), 0),
}


def changed(change: str, outside: OutsideFacts) -> OutsideFacts:
    name, _, text = change.partition("=")
    of, _, field = name.partition(".")
    found: Any = json.loads(text)
    value: Any = tuple(found) if isinstance(found, list) else found
    row, site = outside.replicas["d"], outside.sites["N"]
    match of:
        case "site":
            site = replace(site, **{field: value})
        case "storage":
            disk = replace(outside.storages["N_DISK"], **{field: value})
            return OutsideFacts({"N_DISK": disk}, outside.sites, outside.links, replicas=outside.replicas)
        case "replicas":
            row = replace(row, copies=(ReplicaCopy(storage=value, files=row.files, size_bytes=row.size_bytes),))
        case "facts":
            link = NetworkLink(source="X", destination="N", files_queued=value)
            return OutsideFacts(outside.storages, outside.sites, {("X", "N"): link}, replicas=outside.replicas)
        case _:
            raise AssertionError(change)
    return OutsideFacts(outside.storages, {"N": site}, outside.links, replicas={"d": row})


@pytest.mark.parametrize("code", [code for code, _ in FILTERS])
def test_each_filter_drops_a_nucleus_and_takes_it_after_the_change_that_it_names(code: str) -> None:
    given, outside, work = CASES[code]

    before = choose_nucleus(given, outside, {"N": work}, LOCAL, "seed")
    after = choose_nucleus(given, changed(before.verdicts[0].change, outside), {"N": work}, LOCAL, "seed")

    assert (before.nucleus, [one.code for one in before.verdicts]) == (None, [code])
    assert (after.nucleus, [one.code for one in after.verdicts]) == ("N", ["set"])


@pytest.mark.parametrize(
    ("given", "outside", "work"),
    [
        (asked(), world(a_site(down_from=NOON - 9, down_until=NOON)), 0),
        (asked(), world(backlog=99), 0),
        (asked(), world(a_site(t1_weight=-1.0), backlog=100), 0),
        (asked(output_gb_by_work=10.0), world(), 9_999),
        (asked(), world(files=1, gigabytes=10), 0),
        (asked(), world(files=1, gigabytes=20, here=11), 0),
        (asked(), world(files=10), 0),
        (asked(is_staged=True), world(files=20, gigabytes=20), 0),
    ],
)
def test_a_nucleus_at_the_boundary_is_taken(given: NucleusAsked, outside: OutsideFacts, work: float) -> None:
    assert choose_nucleus(given, outside, {"N": work}, LOCAL, "seed").nucleus == "N"


@pytest.mark.parametrize(
    ("given", "figures", "found"),
    [
        (asked(priority=900), {"MAX_TASK_PRIO_WITH_LOCAL_DATA": 900.0}, "N"),
        (asked(priority=899), {"MAX_TASK_PRIO_WITH_LOCAL_DATA": 900.0}, None),
        (
            asked(io_intensity_kbps=50.0),
            {"MIN_IO_INTENSITY_WITH_LOCAL_DATA": 50.0, "MIN_INPUT_SIZE_WITH_LOCAL_DATA": 20.0},
            "N",
        ),
        (
            asked(io_intensity_kbps=50.0),
            {"MIN_IO_INTENSITY_WITH_LOCAL_DATA": 50.0, "MIN_INPUT_SIZE_WITH_LOCAL_DATA": 19.9},
            None,
        ),
        (asked(), {"MIN_INPUT_SIZE_WITH_LOCAL_DATA": 20.0}, None),
    ],
)
def test_locality_is_left_out_for_small_slow_input_or_urgent_tasks(
    given: NucleusAsked, figures: dict[str, float], found: str | None
) -> None:
    assert choose_nucleus(given, world(files=20, gigabytes=20), {}, {**LOCAL, **figures}, "seed").nucleus == found


def weight(given: NucleusAsked, outside: OutsideFacts, work: float = 0, **figures: float) -> float:
    return choose_nucleus(given, outside, {"N": work}, {**SMALL, **figures}, "seed").verdicts[0].weight


def test_the_weight_is_free_space_by_work_and_total_less_for_tape_and_for_input_elsewhere() -> None:
    assert weight(asked(), world()) == 2_000.0
    assert weight(asked(), world(), FREE_DISK_CUTOFF=100_000) == 1_000.0
    assert weight(asked(), world(), work=50) == 2_000.0
    assert weight(asked(), world(), work=100) == 1_000.0
    assert weight(asked(), world(disk=replace(DISK, medium=StorageMedium.TAPE))) == 2.0
    assert weight(asked(io_intensity_kbps=201.0), world(files=1, gigabytes=10, here=5)) == 1_000.0
    assert weight(asked(io_intensity_kbps=200.0), world(files=1, gigabytes=10, here=5)) == 2_000.0


def test_what_is_not_known_of_a_storage_lets_its_nucleus_pass_and_is_named() -> None:
    chosen = choose_nucleus(asked(), world(disk=None), {}, FIGURES, "seed")

    assert chosen.nucleus == "N"
    assert chosen.verdicts[0].untested == ("source_blacklist", "destination_blacklist", "space")


def test_a_nucleus_is_drawn_by_weight_and_the_same_seed_draws_the_same() -> None:
    disks = {f"D{number}": replace(DISK, name=f"D{number}", space_usable_gb=150_000 + 50_000 * number) for number in (0, 1)}
    sites = {f"N{number}": a_site(name=f"N{number}", storages=(f"D{number}",)) for number in (0, 1)}
    outside = OutsideFacts(storages=disks, sites={**sites, "S": ComputingSite(name="S")})

    drawn = [choose_nucleus(asked(), outside, {}, FIGURES, f"seed-{number}").nucleus for number in range(300)]

    assert drawn == [choose_nucleus(asked(), outside, {}, FIGURES, f"seed-{number}").nucleus for number in range(300)]
    assert set(drawn) == {"N0", "N1"}
    assert drawn.count("N1") > drawn.count("N0") > 60
