"""What a harvester knows of its workers, and what a listing of a batch system says beyond that. Pure.

In: living workers as the log and this process have them, a listing. Out: reports, workers that are not there, and processes
or jobs that no one should have started. Guards: an incomplete listing proves no absence; batch ids identify nothing.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.harvester.systems.contract import REASON_LENGTH_MAX, Listing, NativeState, NativeWorker

NATIVE_STATE_LENGTH_MAX, BATCH_ID_LENGTH_MAX = 200, 200
INTENDED = "intended"
#: The class of what went wrong, of a worker that ended badly.
CauseOf = Callable[[NativeWorker], str]


@dataclass(slots=True)
class KnownWorker:
    """A living worker. state: as it was reported last, in lower case. since: when this process came to know it (monotonic).

    is_submitted: Culm knows its batch id. is_unsettled: the batch system may have it, and no listing has shown it yet.
    is_inherited: this process did not submit it. is_doubted: it is inherited, unsettled, and not in a complete listing; its
    submission died with an earlier process.
    is_leaving: it was asked to take no more jobs. cancel_why: why its end was ordered, None where it was not. is_bound: a job
    travels with it. logged_by: its intent is in the log at this event of the queue's workers, None while that is not known.
    is_whole: this process saw its submission end, or found that all of it is there.
    """

    worker_id: str
    tag: str
    queue: str
    state: str = INTENDED
    is_submitted: bool = False
    is_unsettled: bool = False
    is_inherited: bool = False
    is_doubted: bool = False
    is_leaving: bool = False
    cancel_why: str | None = None
    class_name: str = ""
    since: float = 0.0
    is_bound: bool = False
    logged_by: int | None = None
    is_whole: bool = False

    @property
    def serves(self) -> bool:
        """It takes jobs, or will, as far as is known. A submission without an answer counts until Culm has it as missed."""
        return not (self.is_doubted or self.is_leaving or self.state == "held" or self.cancel_why is not None)


@dataclass(slots=True)
class Compared:
    """What a listing says. reports, absent, adopted, seen: by queue. ended: with how it ended.

    twice: what stands in the batch system beside the worker of the same tag. strays: what lives there and not in the log.
    """

    reports: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    absent: dict[str, list[str]] = field(default_factory=dict)
    adopted: dict[str, list[str]] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    ended: list[tuple[KnownWorker, NativeWorker]] = field(default_factory=list)
    living: dict[str, NativeWorker] = field(default_factory=dict)
    twice: list[NativeWorker] = field(default_factory=list)
    strays: list[NativeWorker] = field(default_factory=list)


def compare(
    known: Mapping[str, KnownWorker], listing: Listing, harvester_id: str, cause_of: CauseOf = lambda native: ""
) -> Compared:
    """What `listing` says of `known` workers, by tag; their states are brought up to date.

    cause_of: asked for workers that ended badly alone, and not for those whose end was ordered.
    """
    found = Compared()
    by_tag: dict[str, list[NativeWorker]] = {}
    for native in listing.workers:
        by_tag.setdefault(native.tag, []).append(native)
    for tag, natives in by_tag.items():
        worker = known.get(tag)
        if worker is None:
            found.strays += [native for native in natives if not native.state.is_end]
            continue
        native, *others = sorted(natives, key=_rank)
        found.twice += [other for other in others if not other.state.is_end]
        _see(worker, native, harvester_id, found, cause_of)
    for worker in known.values():
        if listing.complete and worker.tag not in by_tag:
            worker.is_doubted = worker.is_unsettled and worker.is_inherited
            found.absent.setdefault(worker.queue, []).append(worker.worker_id)
    return found


def _rank(native: NativeWorker) -> tuple[int, str]:
    """The one that is kept of several with one tag comes first: what runs, what waits, what ended."""
    return (0 if native.state is NativeState.RUNNING else 2 if native.state.is_end else 1, native.batch_id)


def _see(worker: KnownWorker, native: NativeWorker, harvester_id: str, found: Compared, cause_of: CauseOf) -> None:
    reports = found.reports.setdefault(worker.queue, [])
    found.seen[worker.queue] = found.seen.get(worker.queue, 0) + 1
    if worker.state == INTENDED and not worker.is_submitted:
        found.adopted.setdefault(worker.queue, []).append(worker.worker_id)
    if not worker.is_submitted:
        reports.append(report_of(worker, harvester_id, "submitted", native))
        worker.is_submitted, worker.is_unsettled, worker.is_doubted = True, False, False
        worker.state = "submitted" if worker.state == INTENDED else worker.state
    state = native.state.value.lower()
    if native.state.is_end:
        cause = "" if _ended_as_it_should(worker, native) else cause_of(native)
        reports.append(report_of(worker, harvester_id, state, native, cause))
        found.ended.append((worker, native))
        worker.state = state
        return
    found.living[worker.tag] = native
    if state != worker.state:
        reports.append(report_of(worker, harvester_id, state, native))
        worker.state = state


def report_of(
    worker: KnownWorker, harvester_id: str, state: str, native: NativeWorker | None = None, fingerprint: str = ""
) -> dict[str, Any]:
    """The fields of `ReportWorker`, as a harvester's report has them. fingerprint: of a bad end."""
    report: dict[str, Any] = {"worker_id": worker.worker_id, "harvester_id": harvester_id, "state": state}
    if native is None:
        return report
    report |= {"node": native.node, "batch_id": native.batch_id[:BATCH_ID_LENGTH_MAX], "exit_code": None, "diagnostic": None}
    if native.reason:
        report["reason"] = native.reason[:REASON_LENGTH_MAX]
    if native.state.is_end and state != "submitted":
        code = native.exit_code if native.exit_code is not None or native.signal is None else -native.signal
        report |= {
            "exit_code": code,
            "signal": native.signal,
            "native_state": native.native_state[:NATIVE_STATE_LENGTH_MAX],
            "diagnostic": _diagnostic(worker, native),
        } | ({"fingerprint": fingerprint} if fingerprint else {})
    return report


def _ended_as_it_should(worker: KnownWorker, native: NativeWorker) -> bool:
    ordered = native.state is NativeState.CANCELLED and worker.cancel_why is not None
    return native.state is NativeState.FINISHED or ordered


def _diagnostic(worker: KnownWorker, native: NativeWorker) -> str | None:
    if native.state is NativeState.FINISHED:
        return None
    if native.state is NativeState.CANCELLED:
        return worker.cancel_why or native.reason or "it was cancelled in the batch system"
    if native.reason:
        return native.reason[:REASON_LENGTH_MAX]
    if native.signal:
        return f"signal {native.signal} ended the pilot"
    if native.exit_code:
        return f"the pilot ended with exit code {native.exit_code}"
    return f"the batch system says {native.native_state[:NATIVE_STATE_LENGTH_MAX]}"


def excess_of(workers: Iterable[KnownWorker], wanted: int) -> list[KnownWorker]:
    """Workers that are too many for `wanted`: those that wait first, then the youngest. None that has a job is too many."""
    serving = [worker for worker in workers if worker.serves]
    order = sorted((one for one in serving if not one.is_bound), key=lambda one: (one.state == "running", -one.since))
    return order[: max(0, len(serving) - wanted)]


def missing_of(workers: Collection[KnownWorker], class_name: str, wanted: int) -> int:
    """How many workers of a class are missing."""
    return max(0, wanted - sum(worker.serves and worker.class_name == class_name for worker in workers))


def missing_of_pushed(workers: Collection[KnownWorker], wanted: int) -> int:
    """How many workers with a job are missing in a queue that pushes; pilots that ask for jobs are of no use there."""
    return max(0, wanted - sum(worker.serves and worker.is_bound for worker in workers))
