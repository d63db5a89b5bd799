"""The server as a pilot sees it: getJob, updateJob, documents, wrappers. Legacy protocol, JSON bodies.

Invariant: a final report is repeated until the server takes it, refuses it, or nothing waits for this pilot any
longer; heartbeats are tried once, because the next one follows. A token that is refused is read again, none is logged.
"""

import time
from enum import Enum
from typing import Any
from uuid import uuid4

import structlog
from tenacity import Retrying

from agents.errors import CallFailed, Unreachable
from agents.pilot.config import PilotConfig
from agents.pilot.errors import NO_ANSWER, WRAPPER_NOT_FETCHED, JobTrouble
from agents.pilot.lease import SUCCESS, UpdateReply
from agents.session import ANSWER_SECONDS, AgentSession, patiently
from agents.stop_event import StopEvent, pause
from agents.token_renewal import TokenRenewal

TIMEOUT = 10
HEARTBEAT_ANSWER_SECONDS_MIN = 10.0
DOCUMENT_SECONDS = 120.0
#: Added to the payload's time to end, before the process that stopped the pilot kills it.
LAST_WORDS_SECONDS = 5.0
WORKER_STATUS_SECONDS = 3.0
WRAPPER_KEPT_SECONDS = 60.0
log = structlog.get_logger()


class FinalReportOutcome(Enum):
    """The outcome of a final report."""

    TAKEN = "taken"
    REFUSED = "refused"
    UNDELIVERED = "undelivered"


class Server:
    """HTTP to one Culm. `stop` is set when the pilot must end; waits are short then."""

    def __init__(self, config: PilotConfig, stop: StopEvent) -> None:
        self._config, self._stop = config, stop
        self._session = AgentSession(config.api, config.token_file, config.vo, "culm-pilot")
        self._wrappers: dict[str, tuple[float, bytes]] = {}
        #: For the reports of the job at hand; empty where the pilot's own is all there is.
        self._job_token = ""
        #: Of the request for a job that has no answer yet.
        self._request_id = ""

    def keep_token(self) -> None:
        """Have the pilot's token renewed for as long as it runs, where it came with a key for that.

        Raises CallFailed, OSError when token and key cannot be taken out of the sight of payloads, which they must be.
        """
        if self._config.token_key_file is None:
            return
        renewal = TokenRenewal(self._session, self._config.token_file, self._config.token_key_file, self._stop)
        if self._config.is_private:
            renewal.take_out_of_files()
        renewal.start()

    def get_job(self, offer: dict[str, Any]) -> dict[str, Any] | None:
        """A job, or None when there is none; raises CallFailed.

        Not repeated here. A call that failed may have given a job away: the next one is the same request, and has that job for
        answer.
        """
        is_new = not self._request_id
        self._request_id = self._request_id or uuid4().hex
        body = {**offer, "wants_job_token": True, "request_id": self._request_id, "request_is_new": is_new}
        answer = self._session.post("/server/panda/getJob", body)
        status = _status(answer)
        if status == TIMEOUT:
            raise Unreachable("StatusCode 10")
        self._request_id = ""
        self._job_token = _job_token(answer)
        return answer if status == SUCCESS and answer.get("PandaID") else None

    def heartbeat(self, report: dict[str, Any]) -> UpdateReply:
        """The answer to a live update; raises CallFailed."""
        return self._update(report, max(HEARTBEAT_ANSWER_SECONDS_MIN, self._config.lease_seconds))

    def deliver_final(self, report: dict[str, Any]) -> FinalReportOutcome:
        """Deliver a final report, repeated for `update_seconds_max` while the server is away."""
        try:
            reply = self._patiently(self._config.update_seconds_max)(self._final, report)
        except CallFailed as problem:
            log.error("final_report_lost", job_id=report["jobId"], problem=str(problem))
            return FinalReportOutcome.UNDELIVERED
        if reply.status_code == SUCCESS and not reply.stops:
            return FinalReportOutcome.TAKEN
        said = {"status_code": reply.status_code, "command": reply.command}
        log.warning("final_report_refused", job_id=report["jobId"], **said)
        return FinalReportOutcome.REFUSED

    def worker_status(self, status: str) -> None:
        """Tell the server about this worker's start or end; the harvester tells the same, so one try is enough."""
        if not (self._config.harvester_id and self._config.worker_id):
            return
        body = {
            "workerID": self._config.worker_id,
            "harvesterID": self._config.harvester_id,
            "status": status,
            "site": self._config.queue,
            "node_id": self._config.node,
        }
        try:
            self._session.post("/server/panda/updateWorkerPilotStatus", body, WORKER_STATUS_SECONDS)
        except CallFailed as problem:
            log.warning("worker_status_not_taken", status=status, problem=str(problem))

    def storage_documents(self) -> dict[str, Any]:
        """Documents of all storage elements; raises JobTrouble."""
        try:
            return self._patiently(DOCUMENT_SECONDS)(self._session.document, "/cache/ddmendpoints.json")
        except CallFailed as problem:
            raise JobTrouble(NO_ANSWER, f"no storage documents: {problem}") from problem

    def wrapper(self, url: str) -> bytes:
        """The payload wrapper at `url`, fetched without the token and kept for a minute; raises JobTrouble."""
        fetched_at, content = self._wrappers.get(url, (0.0, b""))
        if content and time.monotonic() - fetched_at < WRAPPER_KEPT_SECONDS:
            return content
        try:
            content = self._patiently(DOCUMENT_SECONDS)(self._session.download, url)
        except CallFailed as problem:
            raise JobTrouble(WRAPPER_NOT_FETCHED, f"{url} could not be fetched: {problem}") from problem
        self._wrappers[url] = (time.monotonic(), content)
        return content

    def close(self) -> None:
        """Let the connections go."""
        self._session.close()

    def _final(self, report: dict[str, Any]) -> UpdateReply:
        reply = self._update(report, LAST_WORDS_SECONDS if self._stop.is_closed else ANSWER_SECONDS)
        if reply.status_code == TIMEOUT:
            raise Unreachable("StatusCode 10")
        return reply

    def _update(self, report: dict[str, Any], seconds: float) -> UpdateReply:
        answer = self._session.post("/server/panda/updateJob", report, seconds, token=self._job_token)
        self._job_token = _job_token(answer) or self._job_token
        return UpdateReply(_status(answer), str(answer.get("command") or "NULL"), str(answer.get("message") or ""))

    def _patiently(self, seconds: float) -> Retrying:
        return patiently(seconds, pause=lambda wait: pause(wait, self._stop), over=self._is_late)

    def _is_late(self) -> bool:
        """True when the pilot should have been gone."""
        if self._stop.closed_at is None:
            return False
        return time.monotonic() > self._stop.closed_at + self._config.grace_seconds + LAST_WORDS_SECONDS


def _status(answer: dict[str, Any]) -> int:
    try:
        return int(answer.get("StatusCode") or 0)
    except (TypeError, ValueError, OverflowError) as problem:
        raise Unreachable(f"StatusCode is {str(answer.get('StatusCode'))[:50]!r}") from problem


def _job_token(answer: dict[str, Any]) -> str:
    """The token in an answer; empty when there is none."""
    found = answer.get("job_token")
    return found if isinstance(found, str) and found.isascii() else ""
