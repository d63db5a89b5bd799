"""Kubernetes as a batch system: a `batch/v1` Job for each worker, named by its tag, in one namespace of one cluster.

In: specs and tags. Out: what the API server says of them. Guards: the API itself refuses a second Job of a name; only objects
with the labels of this stack are looked at or touched; an answer that is cut, old or broken makes a listing incomplete.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

import msgspec

from agents.harvester.systems.bounded_http import NoAnswer, NotSent
from agents.harvester.systems.contract import (
    CancelOutcome,
    Description,
    Listing,
    NativeWorker,
    Refused,
    SubmitOutcome,
    WorkerSpec,
)
from agents.harvester.systems.kubernetes_api import ApiReply, ApiServer, ListBroken, Listed
from agents.harvester.systems.kubernetes_manifest import STACK_LABEL, WORKER_LABEL
from agents.harvester.systems.kubernetes_objects import BatchJob, Meta, Pod
from agents.harvester.systems.kubernetes_permissions import missing_permissions
from agents.harvester.systems.kubernetes_reading import has_ended, is_of, workers_of
from agents.harvester.systems.kubernetes_settings import ClusterSettings, read_cluster
from agents.harvester.systems.kubernetes_submission import JobSubmission
from agents.harvester.systems.kubernetes_watch import Watches
from agents.harvester.systems.native_command import one_line
from agents.harvester.systems.tags import belongs, stack_problem
from process.settings import SettingRefused

BULK_MAX = 100
#: A list that is older than one before it is believed after so many in a row: then the cluster itself was set back.
SET_BACK_LOOKS = 3
UNUSABLE = ClusterSettings(api="", namespace="")


class Kubernetes:
    """The workers of one stack in one namespace."""

    def __init__(self, stack: str, settings: Mapping[str, str], folder: Path) -> None:
        """Never raises: `problem` says what is wrong with `settings`. folder: nothing is kept there."""
        self._stack, self._history, self._problem = stack, History(), ""
        self._cluster, self._api, self._submission = UNUSABLE, None, None
        self._over: dict[str, float] = {}
        try:
            if found := stack_problem(stack):
                raise SettingRefused(found)
            self._cluster = read_cluster(settings)
            self._api = ApiServer(self._cluster)
            self._submission = JobSubmission(self._api, self._cluster, stack, settings)
        except (SettingRefused, OSError, ValueError) as problem:  # ssl.SSLError is an OSError
            self._problem = one_line(f"kubernetes: {problem}")
        self._selector = f"{STACK_LABEL}={stack}"
        self._jobs = f"/apis/batch/v1/namespaces/{self._cluster.namespace}/jobs"
        self._pods = f"/api/v1/namespaces/{self._cluster.namespace}/pods"

    def describe(self) -> Description:
        """Exact requests; files as a Secret; the API refuses a second Job of a name."""
        return Description("kubernetes", exact_memory=True, ships_files=True, bulk_max=BULK_MAX, submits_once=True)

    def problem(self) -> str:
        """What is wrong with the settings, the address or the permissions; empty if nothing is."""
        if self._api is None:
            return self._problem
        found = missing_permissions(self._api, self._cluster.namespace, self._cluster.call_seconds)
        return one_line(f"kubernetes: {found}") if found else ""

    def submit(self, specs: Sequence[WorkerSpec]) -> Sequence[SubmitOutcome]:
        """An outcome for each spec, within `submit_seconds` and one call more."""
        submission = self._submission
        if submission is None:
            return [Refused(spec.tag, self._problem, permanent=False) for spec in specs]
        if not specs:
            return []
        end = time.monotonic() + self._cluster.submit_seconds
        with ThreadPoolExecutor(min(len(specs), self._cluster.submissions_at_once)) as pool:
            return list(pool.map(lambda spec: submission.submit(spec, end), specs))

    def listing(self) -> Listing:
        """All workers of this stack: one list of Jobs, then one of pods, so that what ends between them is seen as ended."""
        began_at, end = time.time(), time.monotonic() + self._cluster.listing_seconds
        if self._api is None:
            return Listing(complete=False, began_at=began_at, problem=self._problem)
        try:
            jobs, version = self._api.list_all(self._jobs, self._selector, Listed[BatchJob], self._cluster.listing_seconds)
            self._history.check(version)
            pods, version = self._api.list_all(self._pods, self._selector, Listed[Pod], end - time.monotonic())
            self._history.check(version)
        except ListBroken as problem:
            return Listing(complete=False, began_at=began_at, problem=one_line(f"kubernetes: {problem}"))
        return Listing(complete=True, began_at=began_at, workers=workers_of(self._stack, jobs, pods))

    def cancel(self, workers: Sequence[NativeWorker]) -> Sequence[CancelOutcome]:
        """Delete their Jobs, which stay in listings until the pods are gone; one that has ended is left as it is."""
        return [self._cancel(worker.tag) for worker in workers]

    def half_submitted(self, workers: Sequence[NativeWorker]) -> Sequence[NativeWorker]:
        """Those whose Secret is not there, as when a harvester was killed between it and the Job."""
        submission = self._submission
        if submission is None or not workers:
            return ()
        with ThreadPoolExecutor(min(len(workers), self._cluster.submissions_at_once)) as pool:
            lacking = list(pool.map(lambda worker: submission.lacks_files(worker.tag), workers))
        return [worker for worker, lacks in zip(workers, lacking, strict=True) if lacks]

    def sweep(self, is_over: Callable[[str], bool]) -> int:
        """Delete Jobs of workers that are over which ended `sweep_seconds` ago; their Secrets and pods go with them."""
        if self._api is None:
            return 0
        try:
            jobs, _ = self._api.list_all(self._jobs, self._selector, Listed[BatchJob], self._cluster.listing_seconds)
        except ListBroken:
            return 0
        over = [
            job
            for job in jobs
            if has_ended(job)
            and job.metadata.deletion_timestamp is None
            and is_of(job.metadata, self._stack, job.metadata.name)
            and is_over(job.metadata.name)
        ]
        # By this host's clock since it was first seen; a harvester that restarts begins to count again.
        now = time.monotonic()
        self._over = {job.metadata.uid: self._over.get(job.metadata.uid, now) for job in over}
        due = [job.metadata for job in over if now - self._over[job.metadata.uid] >= self._cluster.sweep_seconds]
        return sum(self._delete(self._api, self._jobs, meta) is CancelOutcome.ORDERED for meta in due)

    def events(self) -> Watches | None:
        """Watches of Jobs and pods; the caller closes them."""
        if self._api is None:
            return None
        return Watches(self._api, (self._jobs, self._pods), self._selector, self._cluster.call_seconds)

    def close(self) -> None:
        """Close connections."""
        if self._api is not None:
            self._api.close()

    def _cancel(self, tag: str) -> CancelOutcome:
        if self._api is None:
            return CancelOutcome.UNKNOWN
        if not belongs(tag, self._stack):
            return CancelOutcome.GONE
        try:
            reply = self._api.ask("GET", f"{self._jobs}/{tag}", seconds=self._cluster.call_seconds)
            if _is_absent(reply):
                return self._cancel_pods(self._api, tag)
            if not reply.is_good:
                return CancelOutcome.UNKNOWN
            job = msgspec.json.decode(reply.content, type=BatchJob)
        except (NotSent, NoAnswer, msgspec.DecodeError, UnicodeDecodeError):
            return CancelOutcome.UNKNOWN
        if not is_of(job.metadata, self._stack, tag) or has_ended(job):
            return CancelOutcome.GONE
        if job.metadata.deletion_timestamp is not None:
            return CancelOutcome.ORDERED
        return self._delete(self._api, self._jobs, job.metadata)

    def _cancel_pods(self, api: ApiServer, tag: str) -> CancelOutcome:
        """Pods whose Job was deleted without them live on."""
        selector = f"{self._selector},{WORKER_LABEL}={tag}"
        try:
            pods, _ = api.list_all(self._pods, selector, Listed[Pod], self._cluster.call_seconds)
        except ListBroken:
            return CancelOutcome.UNKNOWN
        living = [pod.metadata for pod in pods if is_of(pod.metadata, self._stack, tag) and not pod.is_over]
        outcomes = {self._delete(api, self._pods, meta) for meta in living} or {CancelOutcome.GONE}
        order = (CancelOutcome.UNKNOWN, CancelOutcome.ORDERED, CancelOutcome.GONE)
        return next(outcome for outcome in order if outcome in outcomes)

    def _delete(self, api: ApiServer, path: str, meta: Meta) -> CancelOutcome:
        """Delete this very object and, before it, what belongs to it; one of the same name that came since is not touched."""
        body = {"propagationPolicy": "Foreground", "preconditions": {"uid": meta.uid}}
        try:
            reply = api.ask("DELETE", f"{path}/{meta.name}", body=body, seconds=self._cluster.call_seconds)
        except (NotSent, NoAnswer):
            return CancelOutcome.UNKNOWN
        if reply.is_good:
            return CancelOutcome.ORDERED
        return CancelOutcome.GONE if _is_absent(reply) else CancelOutcome.UNKNOWN


class History:
    """The newest version of the cluster that a list has shown: an older list comes from a cache, or from a restored cluster."""

    def __init__(self) -> None:
        self._newest = self._last = 0
        self._looks = 0

    def check(self, version: str) -> None:
        """Take the version of a list; raises ListBroken for one that is older, until several are, each newer than the last."""
        if not (version.isascii() and version.isdecimal() and len(version) < 20):
            raise ListBroken(f"the list has the version {version[:40]!r}, expected a number")
        number = int(version)
        if number < 1:
            raise ListBroken("the list has the version 0, which a server has before it has read its store")
        if number < self._newest:
            self._looks = self._looks + 1 if number > self._last or not self._looks else 1
            self._last = number
            if self._looks < SET_BACK_LOOKS:
                raise ListBroken(f"the list is older ({number}) than one before it ({self._newest})")
        self._newest, self._looks = number, 0


def _is_absent(reply: ApiReply) -> bool:
    """Whether the object is not there: a 404 of the API server names its reason, one of something in between does not."""
    return reply.status == HTTPStatus.NOT_FOUND and reply.problem.reason == "NotFound"
