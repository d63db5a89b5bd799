"""The task broker: the nucleus, the site that takes the output of a task. Pure.

In: what the task asks, what sources outside say, the work that nuclei have already, a seed. Out: one nucleus drawn by weight, or
none, and a verdict on each with the code of PanDA's task broker and the change that would let it pass. A nucleus is tested on its
first storage; what is not known of it lets it pass and is named. Source: docs/reference/jedi.md, "Nuclei".
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from schemas.records import replace
from schemas.types import ComputingSite, DatasetReplicas, NucleusVerdict, StorageElement, StorageMedium
from streams.facts.outside import OutsideFacts
from streams.jedi.candidates import UNTESTED, Dropped, Untested, dropped
from streams.jedi.draw import draw
from streams.jedi.filters_by_use import GIGABYTE, usable_gb

#: Work below this counts as this in the weight.
WORK_LEAST = 50.0
TAPE = 0.001
LOCALITY = frozenset({"insize", "innum"})


@dataclass(frozen=True, slots=True)
class NucleusAsked:
    """What a task asks of its nucleus. output_gb_by_work: what a unit of work writes; is_staged: its input is staged first."""

    datasets: frozenset[str] = frozenset()
    priority: int = 0
    io_intensity_kbps: float | None = None
    output_gb_by_work: float = 0.0
    is_staged: bool = False
    asked_at: int = 0


@dataclass(frozen=True, slots=True)
class NucleusFacts:
    """A nucleus with its storage, None where it is not known; backlog: files on their way to it; work: what it has already."""

    site: ComputingSite
    storage: StorageElement | None = None
    backlog: int = 0
    work: float = 0.0


@dataclass(frozen=True, slots=True)
class InputPlace:
    """Files and bytes of the input, and of these the part that a storage holds; of datasets whose replicas are known."""

    files: int = 0
    size_bytes: int = 0
    local_files: int = 0
    local_bytes: int = 0


@dataclass(frozen=True, slots=True)
class NucleusChosen:
    """The nucleus, None when no one passes, and the verdicts by name."""

    nucleus: str | None
    verdicts: tuple[NucleusVerdict, ...]


Found = Dropped | Untested | None
Figures = Mapping[str, float]
Test = Callable[[NucleusAsked, NucleusFacts, InputPlace, Figures], Found]


def choose_nucleus(
    asked: NucleusAsked, outside: OutsideFacts, work: Mapping[str, float], figures: Figures, seed: str
) -> NucleusChosen:
    """Filter, weigh and draw; work: units of work by nucleus. Where all fall to locality alone, it may be left out."""
    nuclei = [_facts(site, outside, work) for _, site in sorted(outside.sites.items()) if site.nucleus]
    replicas = [outside.replicas[name] for name in asked.datasets if name in outside.replicas]
    places = {one.site.name: _place(one.storage, replicas) for one in nuclei}
    skipped: Collection[str] = LOCALITY if asked.is_staged else ()
    tested = [_tested(asked, one, places[one.site.name], figures, skipped) for one in nuclei]
    if all(one.change for one in tested) and _may_lie_elsewhere(asked, places, figures):
        tested = [_tested(asked, one, places[one.site.name], figures, LOCALITY) for one in nuclei]
    passed = {one.nucleus for one in tested if one.code == "weight"}
    weights = {
        one.site.name: _weight(asked, one, places[one.site.name], figures) for one in nuclei if one.site.name in passed
    }
    heavy = {name: weight for name, weight in weights.items() if weight > 0}
    drawn = draw(heavy, seed, "nucleus") if heavy else None
    verdicts = tuple(
        replace(
            one,
            code="set" if one.nucleus == drawn else one.code,
            weight=weights.get(one.nucleus, 0.0),
            work=work.get(one.nucleus, 0.0),
        )
        for one in tested
    )
    return NucleusChosen(drawn, verdicts)


def _facts(site: ComputingSite, outside: OutsideFacts, work: Mapping[str, float]) -> NucleusFacts:
    storage = outside.storages.get(site.storages[0]) if site.storages else None
    backlog = sum(link.files_queued for (_, destination), link in outside.links.items() if destination == site.name)
    return NucleusFacts(site, storage, backlog, work.get(site.name, 0.0))


def _place(storage: StorageElement | None, replicas: Collection[DatasetReplicas]) -> InputPlace:
    here = [copy for row in replicas for copy in row.copies if storage is not None and copy.storage == storage.name]
    return InputPlace(
        sum(row.files for row in replicas),
        sum(row.size_bytes for row in replicas),
        sum(copy.files for copy in here),
        sum(copy.size_bytes for copy in here),
    )


def _may_lie_elsewhere(asked: NucleusAsked, places: Mapping[str, InputPlace], figures: Figures) -> bool:
    """Little input that is read slowly, or an urgent task."""
    size_gb = max((place.size_bytes for place in places.values()), default=0) / GIGABYTE
    intensity = asked.io_intensity_kbps
    slow = intensity is not None and intensity <= figures["MIN_IO_INTENSITY_WITH_LOCAL_DATA"]
    small = size_gb <= figures["MIN_INPUT_SIZE_WITH_LOCAL_DATA"]
    return (slow and small) or asked.priority >= figures["MAX_TASK_PRIO_WITH_LOCAL_DATA"]


def _status(asked: NucleusAsked, one: NucleusFacts, _: InputPlace, __: Figures) -> Found:
    begins, ends = one.site.down_from, one.site.down_until
    if begins is None or asked.asked_at < begins or (ends is not None and asked.asked_at >= ends):
        return None
    return dropped(f"site {one.site.name} is in a downtime", "site.down_from", None)


def _backlog(_: NucleusAsked, one: NucleusFacts, __: InputPlace, figures: Figures) -> Found:
    """The cap itself is too many; a site of negative weight takes what is its own."""
    limit = int(figures["NQUEUED_NUC_CAP"])
    if one.site.t1_weight < 0 or one.backlog < limit:
        return None
    return dropped(f"{one.backlog} files wait for transfer to it, fewer than {limit} may", "facts.backlog", limit - 1)


def _has_storage(_: NucleusAsked, one: NucleusFacts, __: InputPlace, ___: Figures) -> Found:
    if one.site.storages:
        return None
    return dropped("no storage is named for it", "site.storages", ["STORAGE"])


def _readable(_: NucleusAsked, one: NucleusFacts, __: InputPlace, ___: Figures) -> Found:
    if one.storage is None:
        return UNTESTED
    return None if one.storage.read_wan else dropped(f"{one.storage.name} is closed for reading", "storage.read_wan", True)


def _writable(_: NucleusAsked, one: NucleusFacts, __: InputPlace, ___: Figures) -> Found:
    if one.storage is None:
        return UNTESTED
    return None if one.storage.write_wan else dropped(f"{one.storage.name} is closed for writing", "storage.write_wan", True)


def _space(asked: NucleusAsked, one: NucleusFacts, _: InputPlace, figures: Figures) -> Found:
    """Usable space less what the work that is there will write must be above the threshold."""
    usable = None if one.storage is None else usable_gb(one.storage)
    if one.storage is None or usable is None:
        return UNTESTED
    written, least = asked.output_gb_by_work * one.work, figures["DISK_THRESHOLD"]
    if usable - written > least:
        return None
    message = f"{usable} GB are usable in {one.storage.name}, {written:g} GB will be written; more than {least:g} GB must be left"
    return dropped(message, "storage.space_usable_gb", int(least + written) + 1)


def _size(_: NucleusAsked, one: NucleusFacts, place: InputPlace, figures: Figures) -> Found:
    least, threshold_gb = figures["INPUT_SIZE_FRACTION"], figures["INPUT_SIZE_THRESHOLD"]
    if place.size_bytes <= threshold_gb * GIGABYTE or place.local_bytes > least * place.size_bytes:
        return None
    found = f"{place.local_bytes // GIGABYTE} of {place.size_bytes // GIGABYTE} GB of the input are there"
    return dropped(f"{found}, more than {least:g} of it must be", "replicas.storage", one.storage.name if one.storage else "")


def _count(_: NucleusAsked, one: NucleusFacts, place: InputPlace, figures: Figures) -> Found:
    least, threshold = figures["INPUT_NUM_FRACTION"], figures["INPUT_NUM_THRESHOLD"]
    if place.files <= threshold or place.local_files > least * place.files:
        return None
    found = f"{place.local_files} of {place.files} files of the input are there"
    return dropped(f"{found}, more than {least:g} of them must be", "replicas.storage", one.storage.name if one.storage else "")


FILTERS: tuple[tuple[str, Test], ...] = (
    ("status", _status),
    ("transfer_backlog", _backlog),
    ("match", _has_storage),
    ("source_blacklist", _readable),
    ("destination_blacklist", _writable),
    ("space", _space),
    ("insize", _size),
    ("innum", _count),
)


def _tested(
    asked: NucleusAsked, one: NucleusFacts, place: InputPlace, figures: Figures, skipped: Collection[str]
) -> NucleusVerdict:
    """Up to the first filter that drops the nucleus."""
    untested: list[str] = []
    for code, test in FILTERS:
        found = None if code in skipped else test(asked, one, place, figures)
        if isinstance(found, Dropped):
            return NucleusVerdict(nucleus=one.site.name, code=code, message=found.message, change=found.change)
        if found is not None:
            untested.append(code)
    return NucleusVerdict(nucleus=one.site.name, code="weight", untested=tuple(untested))


def _weight(asked: NucleusAsked, one: NucleusFacts, place: InputPlace, figures: Figures) -> float:
    """[local/total where much is read] * tape * usable * min(FREE_DISK_CUTOFF, usable) / (max(50, work) * total); 1 of a storage
    of which nothing is known."""
    usable = None if one.storage is None else usable_gb(one.storage)
    if one.storage is None or usable is None or not one.storage.space_total_gb:
        return 1.0
    heavy = (asked.io_intensity_kbps or 0.0) > figures["IO_INTENSITY_CUTOFF"] and place.size_bytes > 0
    local = place.local_bytes / place.size_bytes if heavy else 1.0
    medium = TAPE if one.storage.medium is StorageMedium.TAPE else 1.0
    room = usable * min(figures["FREE_DISK_CUTOFF"], usable)
    return max(0.0, local * medium * room / (max(WORK_LEAST, one.work) * one.storage.space_total_gb))
