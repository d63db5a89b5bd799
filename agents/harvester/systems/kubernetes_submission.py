"""Submits one worker: its Job, then the Secret with its files, which belongs to the Job and goes with it.

In: a spec. Out: an outcome that is certain, or `Unknown`. Guards: the Job's name is the tag, so that a repeated request cannot
make a second worker; a Job that is there already is believed to be ours by its labels only; a Job whose Secret is refused is
taken back, and so is one whose Secret a killed harvester has not made; its pod has never started.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec

from agents.harvester.kill_points import reach
from agents.harvester.systems.bounded_http import NoAnswer, NotSent
from agents.harvester.systems.contract import Refused, SubmitOutcome, Submitted, Unknown, WorkerSpec
from agents.harvester.systems.kubernetes_api import ApiReply, ApiServer
from agents.harvester.systems.kubernetes_manifest import SpecRefused, check, files_of, job_document, labels, secret_document
from agents.harvester.systems.kubernetes_objects import BatchJob, Meta
from agents.harvester.systems.kubernetes_reading import is_of
from agents.harvester.systems.kubernetes_settings import ClusterSettings, read_queue
from agents.harvester.systems.native_command import one_line
from process.settings import SettingRefused

TRIES_MAX = 4
PAUSE_SECONDS_FIRST = 0.2
#: Refusals that another try does not change.
FOR_GOOD = frozenset(
    {
        HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)  # fmt: skip
QUOTA = "exceeded quota"
EXISTS = "AlreadyExists"


class Made(msgspec.Struct, frozen=True):
    """What the API server answers to a creation: the object, as far as it is looked at."""

    metadata: Meta
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """How a creation went. reply: the one that settled it, if one did. may_exist: a try has no answer. problem: of the last."""

    reply: ApiReply | None
    may_exist: bool
    problem: str

    @property
    def was_there(self) -> bool:
        """Whether an object of this name was there already."""
        return self.reply is not None and self.reply.status == HTTPStatus.CONFLICT

    @property
    def is_made(self) -> bool:
        """Whether this creation made the object."""
        return self.reply is not None and self.reply.is_good

    @property
    def is_for_good(self) -> bool:
        """Whether the same request will be refused again; a quota may have room later."""
        return self.reply is not None and self.reply.status in FOR_GOOD and QUOTA not in self.problem


class JobSubmission:
    """Submits workers of one stack to one cluster; serves several threads."""

    def __init__(self, api: ApiServer, cluster: ClusterSettings, stack: str, defaults: Mapping[str, str]) -> None:
        self._api, self._cluster, self._stack, self._defaults = api, cluster, stack, defaults
        self._jobs = f"/apis/batch/v1/namespaces/{cluster.namespace}/jobs"
        self._secrets = f"/api/v1/namespaces/{cluster.namespace}/secrets"

    def submit(self, spec: WorkerSpec, end: float) -> SubmitOutcome:
        """The outcome for one worker, known soon after `end` (of the monotonic clock) at the latest."""
        try:
            check(spec, self._stack)
            files = files_of(spec)
            document = job_document(spec, self._stack, self._cluster, read_queue(spec.settings, self._defaults))
            msgspec.json.encode(document)
        except (SpecRefused, SettingRefused) as problem:
            return _refused(spec.tag, str(problem), permanent=True)
        except UnicodeEncodeError as problem:
            return _refused(spec.tag, f"environment or settings hold a text that is no Unicode: {problem}", permanent=True)
        except OSError as problem:
            return _refused(spec.tag, f"a file of the worker cannot be read: {problem}", permanent=False)
        tried = self._create(self._jobs, document, end)
        if tried.was_there or (tried.reply is None and tried.may_exist):
            # Without its Secret the Job of a lost answer would never start: its name tells whether it is there.
            uid = self._uid_of_earlier(spec.tag, end, tried.problem)
        elif tried.is_made and tried.reply is not None:
            uid = msgspec.json.decode(tried.reply.content, type=Made).metadata.uid
        else:
            return _refused(spec.tag, tried.problem, permanent=tried.is_for_good)
        if not isinstance(uid, str):
            return uid
        reach("kubernetes.half")
        document = secret_document(spec, self._stack, uid, files)
        return self._give_files(spec.tag, uid, document, is_new=tried.is_made, end=end)

    def lacks_files(self, tag: str) -> bool:
        """Whether the Job of a worker has no Secret, for certain: its pod cannot start.

        Asked by a creation that is not carried out, as the role lets Secrets be made and not read.
        """
        document = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": tag, "labels": labels(self._stack, tag)}}
        seconds = self._cluster.call_seconds
        try:
            reply = self._api.ask("POST", self._secrets, query={"dryRun": "All"}, body=document, seconds=seconds)
        except (NotSent, NoAnswer):
            return False
        return reply.is_good and _settles(reply, document)

    def _create(self, path: str, document: dict[str, Any], end: float) -> Tried:
        """POST until it is settled. What was answered badly or not at all is sent again: its name makes that harmless."""
        may_exist, problem, pause = False, "there was no time to send it", PAUSE_SECONDS_FIRST
        for attempt in range(1, TRIES_MAX + 1):
            left, wait = end - time.monotonic(), pause
            if left <= 0:
                break
            try:
                reply = self._api.ask("POST", path, body=document, seconds=min(left, self._cluster.call_seconds))
            except NotSent as failure:
                problem = str(failure)
            except NoAnswer as failure:
                may_exist, problem = True, str(failure)
            else:
                problem = f"the API server answered {reply.status}: {reply.problem.message}"
                if _settles(reply, document):
                    return Tried(reply, may_exist, problem)
                # 409 without EXISTS and 429 are answers about a request that was not carried out.
                may_exist |= reply.status not in (HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS)
                wait = max(wait, reply.retry_after_seconds)
            if attempt == TRIES_MAX or time.monotonic() + wait >= end:
                break
            time.sleep(wait)
            pause *= 2
        return Tried(None, may_exist, problem)

    def _uid_of_earlier(self, tag: str, end: float, why: str) -> str | Refused | Unknown:
        """The Job that has the name already, if it is ours. why: what its creation was answered, if anything."""
        seconds = max(0.1, min(end - time.monotonic(), self._cluster.call_seconds))
        try:
            reply = self._api.ask("GET", f"{self._jobs}/{tag}", seconds=seconds)
            found = msgspec.json.decode(reply.content, type=BatchJob) if reply.is_good else None
        except (NotSent, NoAnswer, msgspec.DecodeError, UnicodeDecodeError) as problem:
            return _unknown(tag, f"{why}; a Job of its name cannot be read: {problem}")
        if found is None:
            return _unknown(tag, f"{why}; asked for a Job of its name the API server answers {reply.status}")
        if not is_of(found.metadata, self._stack, tag):
            return _refused(tag, f"a Job named {tag} is there without the labels of this stack", permanent=True)
        return found.metadata.uid

    def _give_files(self, tag: str, uid: str, document: dict[str, Any], *, is_new: bool, end: float) -> SubmitOutcome:
        """is_new: this submission made the Job, so that a Secret of its name cannot be there rightly."""
        tried = self._create(self._secrets, document, end)
        if tried.is_made or (tried.was_there and (tried.may_exist or not is_new)):
            return Submitted(tag, uid, self._cluster.host)
        problem = f"its files were not taken: {tried.problem}"
        if is_new and not tried.may_exist and self._take_back(tag, uid) and not tried.was_there:
            return _refused(tag, problem, permanent=tried.is_for_good)
        return _unknown(tag, problem)

    def _take_back(self, tag: str, uid: str) -> bool:
        """Delete a Job that has no files; whether the API server said that it will be gone."""
        body = {"propagationPolicy": "Foreground", "preconditions": {"uid": uid}}
        try:
            reply = self._api.ask("DELETE", f"{self._jobs}/{tag}", body=body, seconds=self._cluster.call_seconds)
        except (NotSent, NoAnswer):
            return False
        return reply.is_good or reply.status == HTTPStatus.NOT_FOUND


def _settles(reply: ApiReply, document: Mapping[str, Any]) -> bool:
    """Whether an answer says for certain whether an object was created; the object itself must be in a good one."""
    if reply.status == HTTPStatus.CONFLICT:
        return reply.problem.reason == EXISTS
    if not reply.is_good:
        return reply.status in FOR_GOOD or reply.status == HTTPStatus.UNAUTHORIZED
    try:
        made = msgspec.json.decode(reply.content, type=Made)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return made.kind == document["kind"] and made.metadata.name == document["metadata"]["name"] and bool(made.metadata.uid)


def _refused(tag: str, reason: str, *, permanent: bool) -> Refused:
    return Refused(tag, one_line(reason), permanent)


def _unknown(tag: str, reason: str) -> Unknown:
    return Unknown(tag, one_line(reason))
