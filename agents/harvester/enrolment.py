"""The harvester's own token, from an enrolment code on, and those of its pilots.

In: a code in a file, which is used once. Out: a token that the session has and a thread renews; for each pilot one of its own.
State: beside the token, the key to renew it, and the secret with which the use of the code may be repeated when its answer was
lost. Guards: the secret is on disk before the code is used; a new code takes the place of an enrolment that is over.
"""

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from agents.errors import CallFailed, NotAdmitted, Rejected
from agents.session import AgentSession
from agents.stop_event import StopEvent, pause
from agents.token_renewal import TokenRenewal, take_token, write_secret

AGAIN_SECONDS, WORKER_TOKEN_SECONDS = 2.0, 10.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EnrolmentFiles:
    """Where it stands. code: with which to enrol; the others are the harvester's own."""

    code: Path
    token: Path
    token_key: Path
    used: Path


@dataclass(frozen=True, slots=True)
class _Used:
    """Which code was used, by a digest, and the secret that was chosen for it."""

    code: str
    redeemer: str


class HarvesterEnrolment:
    """One harvester's."""

    def __init__(self, session: AgentSession, files: EnrolmentFiles, stop: StopEvent) -> None:
        self._session, self._files, self._stop = session, files, stop
        self._renewal = TokenRenewal(session, files.token, files.token_key, stop, again=self._begin)

    def begin(self) -> bool:
        """Have a token, and keep it good from now on; false when asked to end before."""
        while not self._stop.is_closed:
            try:
                self._begin()
            except (CallFailed, OSError) as problem:
                log.warning("harvester_not_enrolled", problem=str(problem)[:200], retry_in_seconds=AGAIN_SECONDS)
                pause(AGAIN_SECONDS, self._stop)
            else:
                self._renewal.start()
                return True
        return False

    def token_for(self, worker_id: str, memory_mb: int = 0) -> tuple[str, str]:
        """A token for a new pilot and the key to renew it; raises CallFailed. memory_mb: of its slot, 0 for no limit."""
        body = {"worker_id": worker_id} | ({"memory_mb": memory_mb} if memory_mb else {})
        answer = self._session.post("/v1/agents/workers", body, WORKER_TOKEN_SECONDS)
        token, key = answer.get("token"), answer.get("token_key")
        if not isinstance(token, str) or not isinstance(key, str):
            raise Rejected("the answer holds no token")
        return token, key

    def _begin(self) -> None:
        self._files.used.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        code = self._files.code.read_text(encoding="ascii").strip()
        used = self._read_used()
        digest = hashlib.sha256(code.encode()).hexdigest()
        if used is not None and used.code == digest:
            try:
                self._renewal.renew()
                return
            except NotAdmitted:
                log.info("token_has_ended", reason="the code is used again, as the same harvester")
            except Rejected:
                pass  # killed between the use of the code and the token
        else:
            used = _Used(digest, secrets.token_urlsafe(32))
            write_secret(self._files.used, json.dumps(asdict(used)))
        answer = self._session.post_without_token("/v1/agents/enrol", {"code": code, "redeemer": used.redeemer})
        write_secret(self._files.token_key, str(answer.get("token_key") or ""))
        take_token(self._session, self._files.token, answer)
        log.info("harvester_enrolled", queues=answer.get("queues"), subject=answer.get("subject"))

    def _read_used(self) -> _Used | None:
        try:
            found = json.loads(self._files.used.read_text(encoding="ascii"))
            return _Used(str(found["code"]), str(found["redeemer"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
