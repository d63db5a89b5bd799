"""The issuer for agents: tokens signed with ES256 by the keys of a ring, which is a file that one user reads.

State: `CULM_HOME/identity/agent_keys.json`, made on first use and rotated here; or a file that the platform gives
(`CULM_AGENT_KEYS`), which is only read. Out: tokens for workers and for single jobs, the public keys. Guards: the file is one of
its owner alone; no private key and no token is logged; several processes rotate once, not each. What was signed is known to
`signed_here` by its digest, with the other processes of the host by `CULM_HOME/identity/signed_tokens`.
"""

import fcntl
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import Any

import orjson
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from identity.agents import JOB_SECONDS, WORKER_SECONDS, Agent, AgentJob, claims_of, claims_of_job
from identity.key_ring import Key, KeyRing, RingUnusable, document_of, read_ring
from identity.own_issuers import AGENTS_ISSUER
from identity.signatures import encoded, with_signature
from identity.signed_here import OwnKey, SignedHere
from identity.signed_on_host import SignedOnHost, host_key
from process.private_files import write_private

ALGORITHM = "ES256"
#: How often the file is looked at for other keys.
LOOK_SECONDS = 5.0
RING_BYTES_MAX = 256 * 1024
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Signer:
    """A key as it stands in the ring, as the library has it, its primitive, its thumbprint, and the header of all its tokens."""

    found: Key
    key: ECKey
    private: EllipticCurvePrivateKey
    thumbprint: str
    head: str


class AgentKeys:
    """The ring in a file. `is_ours`: made and rotated here when it is time; else the platform does that."""

    def __init__(
        self, path: Path, clock: Callable[[], float] = time.time, *, is_ours: bool = True, on_host: SignedOnHost | None = None
    ) -> None:
        """on_host: where the processes of this host note what they signed."""
        self._path, self._clock, self._is_ours = path, clock, is_ours
        self._lock = threading.Lock()
        self._ring = KeyRing()
        self._version: tuple[int, int] | None = None
        self._looked = float("-inf")
        self._signer: _Signer | None = None
        #: What these keys signed, here and elsewhere.
        self.signed_here = SignedHere(on_host)

    @classmethod
    def of(cls, home: Path, given: Path | None = None, clock: Callable[[], float] = time.time) -> "AgentKeys":
        """The keys under the folder `home`, or those in the file that the platform gave."""
        on_host = SignedOnHost(home / "identity" / "signed_tokens")
        is_ours = given is None
        return cls(given or key_ring_path(home), clock, is_ours=is_ours, on_host=on_host)

    def signer(self) -> ECKey:
        """The private key that signs now; raises RingUnusable."""
        return self._signing().key

    def signed(self, claims: dict[str, Any]) -> str:
        """A token with `claims`, signed by the key of now; raises RingUnusable."""
        signer = self._signing()
        token = with_signature(signer.head, orjson.dumps(claims), signer.private)
        self.signed_here.note(token, signer.thumbprint)
        return token

    def _signing(self) -> _Signer:
        """The key that signs now, prepared once."""
        found = self._current().signing(self._clock())
        if found is None:
            raise RingUnusable(f"no key of {self._path} signs yet: each signs_from is ahead")
        known = self._signer
        if known is None or known.found is not found:
            known = self._signer = _prepared(found)
        return known

    def public_document(self) -> bytes:
        """The JSON Web Key Set that is published; raises RingUnusable."""
        keys = [ECKey.import_key(dict(key)).as_dict(private=False) for key in self._current().published(self._clock())]
        told = [{**{name: key[name] for name in ("kty", "crv", "x", "y", "kid")}, "use": "sig", "alg": ALGORITHM} for key in keys]
        return orjson.dumps({"keys": told})

    def rotate(self, *, at_once: bool = False) -> KeyRing:
        """A key more, which signs from tomorrow; at once and alone where `at_once`. Raises RingUnusable."""
        if not self._is_ours:
            raise RingUnusable(f"{self._path} is given by the platform, which rotates its keys")
        with self._alone():
            now = self._clock()
            ring = self._read() if self._path.exists() else KeyRing()
            key = _made()
            rotated = ring.replaced(key, now) if at_once else ring.rotated(key, now)
            if rotated != ring:
                self._write(rotated)
            return rotated

    def _current(self) -> KeyRing:
        """The ring as of now; looks at the file every few seconds, and has the next key made when it is time."""
        now = self._clock()
        if 0 <= now - self._looked < LOOK_SECONDS:
            return self._ring
        with self._lock:
            if self._is_ours and not self._path.exists():
                self._rotate_if_due(now)
            version = self._version_of_file()
            if version != self._version:
                self._take(self._read(), version)
            if self._is_ours and self._ring.is_due(now):
                self._rotate_if_due(now)
                self._take(self._read(), self._version_of_file())
            self._looked = now
        return self._ring

    def _take(self, ring: KeyRing, version: tuple[int, int]) -> None:
        """The ring in the file is `ring`; tokens of its keys are known as its own."""
        signers = [_prepared(one.key) for one in ring.keys]
        self.signed_here.has_keys({one.thumbprint: OwnKey(one.private, host_key(one.private)) for one in signers})
        self._ring, self._version = ring, version

    def _rotate_if_due(self, now: float) -> None:
        with self._alone():
            ring = self._read() if self._path.exists() else KeyRing()
            if ring.is_due(now):
                self._write(ring.rotated(_made(), now))
                log.info("agent_keys_rotated", keys=len(ring.keys) + 1)

    def _version_of_file(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except OSError as problem:
            raise RingUnusable(f"the keys for agents in {self._path} cannot be read: {problem.strerror}") from problem
        return found.st_mtime_ns, found.st_ino

    def _read(self) -> KeyRing:
        try:
            with self._path.open("rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                raw = file.read(RING_BYTES_MAX + 1)
        except OSError as problem:
            raise RingUnusable(f"the keys for agents in {self._path} cannot be read: {problem.strerror}") from problem
        if mode & 0o077:
            raise RingUnusable(f"{self._path} has mode {mode:o}, expected 600: others must not read private keys")
        try:
            return read_ring(orjson.loads(raw[:RING_BYTES_MAX]))
        except (orjson.JSONDecodeError, RingUnusable) as problem:
            said = "not JSON" if isinstance(problem, orjson.JSONDecodeError) else str(problem)
            raise RingUnusable(f"the keys for agents in {self._path} are not usable: {said}") from None

    def _write(self, ring: KeyRing) -> None:
        write_private(self._path, orjson.dumps(document_of(ring)))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One change of the file at a time, also across processes."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._path.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def key_ring_path(home: Path) -> Path:
    """Where the ring of a Culm of its own is kept."""
    return home / "identity" / "agent_keys.json"


def worker_token(keys: AgentKeys, agent: Agent, now: float) -> tuple[str, int]:
    """A token for `agent` and when it ends (seconds since 1970): two hours, and never past the end of its renewals."""
    return _signed(keys, agent, claims_of(replace(agent, job=None)), now, WORKER_SECONDS)


def job_token(keys: AgentKeys, agent: Agent, job: AgentJob, now: float) -> tuple[str, int]:
    """A token of `agent` for the reports of one job and when it ends: a quarter of an hour."""
    return _signed(keys, agent, claims_of_job(agent, job), now, JOB_SECONDS)


def _signed(keys: AgentKeys, agent: Agent, said: dict[str, Any], now: float, seconds: int) -> tuple[str, int]:
    ends = min(int(now) + seconds, agent.until)
    claims: dict[str, Any] = {
        "iss": AGENTS_ISSUER,
        **said,
        "iat": int(now),
        "exp": ends,
        "jti": token_hex(16),
    }
    return keys.signed(claims), ends


def _made() -> dict[str, Any]:
    return dict(ECKey.generate_key("P-256", auto_kid=True).as_dict(private=True))


def _prepared(found: Key) -> _Signer:
    key = _imported(found)
    private = key.private_key
    if not isinstance(private, EllipticCurvePrivateKey):
        raise RingUnusable("a key for agents is no private key")
    header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": key.kid}
    return _Signer(found, key, private, key.thumbprint(), encoded(orjson.dumps(header)))


def _imported(key: Any) -> ECKey:
    try:
        return ECKey.import_key(dict(key))
    except (JoseError, ValueError, TypeError) as problem:
        raise RingUnusable(f"a key for agents cannot be read: {type(problem).__name__}") from None
