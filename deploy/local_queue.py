"""The queue of the local stack: one computing queue whose pilots the local harvester starts."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx

from deploy.enrolment import local_offer
from deploy.errors import StepFailed
from deploy.processes import LOCAL_QUEUE
from identity.issuer import make_token
from identity.own_issuers import OWN_ISSUER

VO = "wlcg"
PATIENCE_SECONDS = 60.0
MEMORY_MB_PER_CORE = 4000


@dataclass(frozen=True, slots=True)
class LocalQueue:
    """What the local queue offers: one job a core, some more pilots than cores because payloads also wait for disks."""

    name: str = LOCAL_QUEUE
    pilots: int = max(2, os.cpu_count() or 2)

    def settings(self) -> dict[str, object]:
        """The queue's settings as `ConfigureQueue` takes them."""
        return {
            "name": self.name,
            "site": "LOCAL",
            "cloud": "LOCAL",
            "core_count": 1,
            "rss_mb_max": MEMORY_MB_PER_CORE,
            "workdir_mb_max": 20_000,
            "storage": "LOCAL_DISK",
            "pilots_max": self.pilots,
            "allow_no_pilot": True,
        }


def configure(api: str, home: Path, queue: LocalQueue) -> None:
    """Tell Culm about the queue; saying it again changes nothing. Raises StepFailed with what was answered."""
    body = {"aggregate_id": f"queue.{queue.name}", "settings": queue.settings()}
    operator_command(api, home, "ConfigureQueue", body, f"the queue {queue.name} could not be configured")


def offer_enrolment(api: str, home: Path, queue: str) -> str:
    """A code with which the harvester of `queue` enrols; raises StepFailed with what was answered."""
    code, key, body = local_offer(queue)
    problem = f"the harvester of {queue} got no enrolment code"
    operator_command(api, home, "OfferEnrolment", {"aggregate_id": key, **body}, problem)
    return code


def operator_command(api: str, home: Path, name: str, body: Mapping[str, object], problem: str) -> None:
    """Have an operator's command decided; raises StepFailed, which begins with `problem`."""
    token = make_token(home, user="operator", name="Operator", groups=[VO, f"{VO}/operator"], audience_hours=1, issuer=OWN_ISSUER)
    headers = {"Authorization": f"Bearer {token}", "Origin": VO, "Prefer": "wait=10", "Idempotency-Key": str(uuid4())}
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = httpx.post(f"{api}/v1/commands/{name}", json=body, headers=headers, timeout=30)
        except httpx.HTTPError as error:
            final, said = False, str(error)
        else:
            final, said = 400 <= answer.status_code < 500, f"{answer.status_code} {answer.text[:500]}"
            if answer.status_code == 200 and answer.json().get("accepted", True):
                return
        if final or time.monotonic() > end:
            raise StepFailed(f"{problem}: {said}")
        time.sleep(0.3)
