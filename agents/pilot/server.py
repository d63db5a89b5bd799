"""The server as a pilot sees it: getJob, updateJob, documents, wrappers. Legacy protocol, JSON bodies.

Invariant: an update that must not be lost is said again until the server takes it; the token is read at every call and
never logged.
"""

import time
from collections.abc import Callable
from typing import Any

import httpx
import structlog

from agents.pilot.config import PilotConfig
from agents.pilot.errors import ServerAway

PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
NO_WORK = 20
log = structlog.get_logger()


class Server:
    """HTTP to one Culm."""

    def __init__(self, config: PilotConfig) -> None:
        self._config = config
        self._http = httpx.Client(base_url=config.api, timeout=httpx.Timeout(75.0, connect=5.0))

    def get_job(self, offer: dict[str, Any]) -> dict[str, Any] | None:
        """A job, or None when there is none or the server is away just now."""
        try:
            answer = self._post("/server/panda/getJob", offer)
        except (httpx.HTTPError, ValueError) as problem:
            log.warning("no_answer_to_get_job", problem=str(problem)[:200])
            return None
        status = int(answer.get("StatusCode", NO_WORK))
        if status not in (0, NO_WORK):
            log.warning("no_job", status_code=status, problem=str(answer.get("errorDialog"))[:200])
        return answer if status == 0 and answer.get("PandaID") else None

    def update(self, report: dict[str, Any]) -> str:
        """The command in the answer to one update, `NULL` for none; raises httpx.HTTPError, ValueError."""
        answer = self._post("/server/panda/updateJob", report)
        if int(answer.get("StatusCode", 0)) == 10:
            raise ValueError("the server asked to repeat the update")
        return str(answer.get("command") or "NULL")

    def update_surely(self, report: dict[str, Any], stopped: Callable[[], bool] = lambda: False) -> str:
        """As `update`, repeated with growing pauses until it is taken; raises ServerAway after `update_seconds_max`."""
        end = time.monotonic() + self._config.update_seconds_max
        tries = 0
        while True:
            try:
                return self.update(report)
            except (httpx.HTTPError, ValueError) as problem:
                log.warning("update_not_taken", state=report.get("state"), problem=str(problem)[:200])
            if time.monotonic() > end or stopped():
                raise ServerAway(f"update {report.get('state')} was not taken")
            time.sleep(PAUSES_SECONDS[min(tries, len(PAUSES_SECONDS) - 1)])
            tries += 1

    def worker_status(self, status: str) -> None:
        """Tell the server about this worker's start or end; not vital."""
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
            self._post("/server/panda/updateWorkerPilotStatus", body)
        except (httpx.HTTPError, ValueError) as problem:
            log.warning("worker_status_not_taken", problem=str(problem)[:200])

    def document(self, path: str) -> Any:
        """A public JSON document; tried a few times."""
        return self._fetch(path).json()

    def file(self, url: str) -> bytes:
        """The bytes behind a URL, fetched without the token."""
        return self._fetch(url).content

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()

    def _fetch(self, url: str) -> httpx.Response:
        for pause in (*PAUSES_SECONDS, None):
            try:
                answer = self._http.get(url)
                answer.raise_for_status()
                return answer
            except httpx.HTTPStatusError as problem:
                if problem.response.status_code < 500 or pause is None:
                    raise
            except httpx.HTTPError:
                if pause is None:
                    raise
            time.sleep(pause)
        raise AssertionError("unreachable")

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        token = self._config.token_file.read_text(encoding="utf-8").strip()
        headers = {"Authorization": f"Bearer {token}", "Origin": self._config.vo}
        answer = self._http.post(path, json=body, headers=headers)
        answer.raise_for_status()
        found = answer.json()
        if not isinstance(found, dict):
            raise ValueError(f"{path} answered {type(found).__name__}, expected an object")
        return found
