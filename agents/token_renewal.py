"""Keeps a token of Culm's good: renewed long before it ends, by a thread of its own, with the key that came with it.

In: a session, the files of token and key. Out: the session and the file have the newer token. Guards: a renewal that fails is
tried again soon, for as long as the token lives; neither token nor key is logged.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from agents.errors import CallFailed, NotAdmitted, Rejected
from agents.session import AgentSession
from agents.stop_event import StopEvent, pause
from process.private_files import write_private

#: A token lives two hours.
RENEW_SECONDS, LOOK_SECONDS, ANSWER_SECONDS = 2_400.0, 20.0, 30.0
PATH = "/v1/agents/token"
log = structlog.get_logger()


class TokenRenewal:
    """Renews one token."""

    def __init__(
        self,
        session: AgentSession,
        token_file: Path,
        key_file: Path,
        stop: StopEvent,
        again: Callable[[], None] | None = None,
    ) -> None:
        """again: gets a token in another way, where the one at hand is refused; raises CallFailed, OSError."""
        self._session, self._token_file, self._key_file = session, token_file, key_file
        self._stop, self._again = stop, again
        self._key = ""

    def start(self) -> None:
        """Begin, in a thread that ends with the process."""
        threading.Thread(target=self._keep, name="token-renewal", daemon=True).start()

    def take_out_of_files(self) -> None:
        """Keep token and key in memory alone, so that no one who reads the files later has them; raises CallFailed, OSError."""
        self._key = self._read_key()
        self._session.keep_in_memory()
        for file in (self._token_file, self._key_file):
            file.unlink(missing_ok=True)

    def renew(self) -> None:
        """Have a newer token; raises CallFailed."""
        answer = self._session.post(PATH, {"token_key": self._key or self._read_key()}, ANSWER_SECONDS)
        take_token(self._session, None if self._key else self._token_file, answer)

    def _read_key(self) -> str:
        try:
            return self._key_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise Rejected(f"no key in {self._key_file}: {type(problem).__name__}") from problem

    def _keep(self) -> None:
        renewed_at = time.time()
        while not self._stop.is_closed:
            # Often, and by the clock on the wall: a machine that slept may have slept through the end of the token.
            pause(LOOK_SECONDS, self._stop)
            if not 0 <= time.time() - renewed_at < RENEW_SECONDS and self._is_renewed():
                renewed_at = time.time()

    def _is_renewed(self) -> bool:
        try:
            try:
                self.renew()
            except NotAdmitted:
                if self._again is None:
                    raise
                self._again()
        except (CallFailed, OSError) as problem:
            log.warning("token_not_renewed", problem=str(problem)[:200])
            return False
        return True


def take_token(session: AgentSession, token_file: Path | None, answer: dict[str, object]) -> None:
    """Use the token in `answer` from now on, and keep it in `token_file` if there is one; raises Rejected without a token."""
    token = answer.get("token")
    if not isinstance(token, str) or not token.isascii() or not token:
        raise Rejected("the answer holds no token")
    if token_file is not None:
        write_secret(token_file, token)
    session.use(token)


def write_secret(path: Path, text: str, user: int | None = None, group: int | None = None) -> None:
    """`text` in a new file at `path` that its owner alone may read, in place of what was there; raises OSError."""
    write_private(path, text.encode("ascii"), (user, group) if user is not None and group is not None else None)
