"""An enrolment code for the local harvester, so that no agent of the local stack has a key or a token that an operator could use.

In: the queue, the time. Out: a code, and the fields of its offer, which hold its digest alone. The harvester uses it once, from a
file that its owner alone may read.
"""

import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from identity.agents import code_digest_of
from process.private_files import write_private
from schemas.ids import enrolment_key

CODE_SECONDS, TOKENS_SECONDS = 24 * 3600, 366 * 24 * 3600
#: What the server counts from is its own clock, which may be behind.
CLOCK_SECONDS = 60


def new_code() -> str:
    """A code that no one can guess."""
    return f"culm-{secrets.token_urlsafe(32)}"


def offer_of(
    code: str, queues: Sequence[str], worker_id: str | None, now: int, seconds: int, tokens_seconds: int
) -> dict[str, Any]:
    """The fields of `OfferEnrolment`. now: seconds since 1970. seconds: how long it may be used; tokens_seconds: and renewed."""
    expires = now + seconds - (CLOCK_SECONDS if seconds > 2 * CLOCK_SECONDS else 0)
    return {
        "code": code_digest_of(code),
        "queues": list(queues),
        "worker_id": worker_id,
        "expires_at": expires * 1_000_000,
        "tokens_until": max(expires, now + tokens_seconds - CLOCK_SECONDS) * 1_000_000,
    }


def local_offer(queue: str) -> tuple[str, str, dict[str, Any]]:
    """A new code for the harvester of `queue`: the code, the key of its policy and the fields of its offer."""
    code = new_code()
    body = offer_of(code, (queue,), None, int(time.time()), CODE_SECONDS, TOKENS_SECONDS)
    return code, enrolment_key(body["code"]), body


def write_secret(path: Path, text: str) -> None:
    """`text` in a new file at `path` that its owner alone may read; replaces what was there."""
    write_private(path, text.encode("ascii"))
