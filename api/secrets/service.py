"""Secrets of users: kept, listed and deleted by their owner, handed to the pilot that holds a job which asks for them.

In: values from their owner. Out: the same values, to the owner and to that pilot. Guards: what happens is in the log before it
happens, by id and digest; names and values are in the store alone, encrypted; a pilot gets nothing before the job's decider has
said that it holds the job and that its task asks for secrets.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import uuid4

import structlog

from api.http.errors import ApiError, BadRequest, LogUnavailable, Refused, Unavailable
from api.log.gateway import CommandGateway
from api.secrets.envelope import Owner, Secret, SecretUnreadable, sealed
from api.secrets.store import SecretStore
from identity.identity import Identity
from identity.secret_keys import SecretKeysRefused
from schemas.answer import CommandAnswered
from schemas.characters import LINE
from schemas.ids import user_secrets_key
from schemas.job import ReadSecrets
from schemas.types import LeasedJob
from schemas.user_secrets import DeleteSecrets, SetSecret, ShowSecrets

NAME_LENGTH_MAX = 200
#: Of one value: panda-client sends at most 1,000 kB.
VALUE_BYTES_MAX = 1024 * 1024
#: Before the name of a secret that is a file, whose value is base64 (panda-client).
FILE_PREFIX = "___file___:"
WAIT_SECONDS = 10.0
#: The job gets its lease a moment after the pilot does, where another decider has it.
LEASE_TRIES, LEASE_SECONDS = 5, 0.2
NOT_KEPT = "user secrets are not kept by this server: it was given no keys for them (CULM_SECRETS_KEYS)"
log = structlog.get_logger()
R = TypeVar("R")


class NoKeys(Unavailable):
    """This server keeps no secrets."""

    title = "No secrets are kept"


@dataclass(frozen=True, slots=True)
class SecretService:
    """What the API does with secrets."""

    store: SecretStore
    gateway: CommandGateway

    async def keep(self, identity: Identity, name: str, value: str) -> str:
        """Keep `value` under `name` in place of an earlier one; its id. Raises BadRequest, Refused, Unavailable."""
        check_name(name)
        size = _bytes_of(value)
        if size > VALUE_BYTES_MAX:
            raise BadRequest(f"the value of the secret has {size:,} bytes, expected at most {VALUE_BYTES_MAX:,}")
        self._check_keys()
        owner, secret = owner_of(identity), Secret(str(uuid4()), name, value)
        try:
            document = sealed(self.store.keys, owner, secret)
        except SecretKeysRefused as problem:
            raise NoKeys(str(problem)) from problem
        digest = owner.name_digest(name)
        command = SetSecret(
            secret_id=secret.secret_id, name_digest=digest, digest=hashlib.sha256(document).hexdigest(), size_bytes=size
        )
        await self._command(identity, command)
        await self._stored(self.store.put, owner, digest, document)
        return secret.secret_id

    async def delete(self, identity: Identity, names: Sequence[str] | None) -> None:
        """Forget the secrets `names`, None for all; those that are not there mean nothing. Raises BadRequest, Unavailable."""
        owner = owner_of(identity)
        if names is None:
            await self._command(identity, DeleteSecrets(all=True))
            await self._stored(self.store.remove_all, owner)
            return
        digests = tuple(owner.name_digest(name) for name in names)
        await self._command(identity, DeleteSecrets(name_digests=digests))
        for digest in digests:
            await self._stored(self.store.remove, owner, digest)

    async def names(self, identity: Identity) -> list[Secret]:
        """All secrets of the owner, whose values the caller must not show: that is `show`."""
        self._check_keys()
        try:
            return await self._stored(self.store.read, owner_of(identity))
        except (SecretUnreadable, SecretKeysRefused) as problem:
            raise Unavailable(f"the secrets cannot be read: {problem}") from problem

    async def show(self, identity: Identity, wanted: Iterable[str] | None = None) -> dict[str, str]:
        """Values by name, of all or of those `wanted`; noted in the log first."""
        found = await self.names(identity)
        names = None if wanted is None else set(wanted)
        shown = [secret for secret in found if names is None or secret.name in names]
        await self._command(identity, ShowSecrets(secret_ids=tuple(secret.secret_id for secret in shown)))
        return {secret.name: secret.value for secret in shown}

    async def has_any(self, identity: Identity) -> bool:
        """True when the owner has one that jobs could be given."""
        return self.store.keys.is_there and await self._stored(self.store.has_any, owner_of(identity))

    async def for_job(self, leased: LeasedJob, identity: Identity) -> dict[str, str]:
        """What the pilot of `leased`, which holds it as `identity`, is given. Raises SecretsNotGiven, Unavailable."""
        spec = leased.spec
        try:
            self._check_keys()
            found = await self._stored(self.store.read, Owner(spec.vo, spec.owner))
        except (SecretUnreadable, SecretKeysRefused, ApiError) as problem:
            raise SecretsNotGiven(f"the secrets of {spec.user_name} cannot be read: {problem}") from problem
        command = ReadSecrets(lease_id=leased.lease_id, secret_ids=tuple(secret.secret_id for secret in found))
        why = ""
        for _ in range(LEASE_TRIES):
            answer = await self.gateway.submit(command, str(spec.job_id), identity, role="pilot", wait_seconds=WAIT_SECONDS)
            if answer is None:
                raise LogUnavailable("no answer from the job in time; its secrets were not given")
            if answer.accepted:
                return {secret.name: secret.value for secret in found}
            why = str(answer.message)
            await asyncio.sleep(LEASE_SECONDS)
        raise SecretsNotGiven(f"the job does not take its secrets: {why}")

    async def _command(self, identity: Identity, command: SetSecret | DeleteSecrets | ShowSecrets) -> CommandAnswered:
        key = user_secrets_key(identity.vo, identity.subject)
        answer = await self.gateway.submit(command, key, identity, wait_seconds=WAIT_SECONDS)
        if answer is None:
            raise LogUnavailable("the log did not answer in time; whether it was done is not known, ask again")
        if not answer.accepted:
            raise Refused(str(answer.message), reason=answer.reason)
        return answer

    async def _stored(self, function: Callable[..., R], *arguments: object) -> R:
        try:
            return await asyncio.to_thread(function, *arguments)
        except OSError as problem:
            log.warning("secrets_not_reached", problem=problem.strerror)
            raise Unavailable(f"the store of secrets cannot be reached: {problem.strerror}") from problem

    def _check_keys(self) -> None:
        if not self.store.keys.is_there:
            raise NoKeys(NOT_KEPT)


class SecretsNotGiven(Exception):
    """A job whose pilot cannot be given what its task asks for; the message has no secret."""


def owner_of(identity: Identity) -> Owner:
    """Whose secrets a caller sets and reads: its own, within the VO it acts in."""
    return Owner(identity.vo, identity.subject)


def check_name(name: str) -> None:
    """Raise BadRequest for what is no name; the message does not repeat it, for it may be a value in the wrong place."""
    plain = name.removeprefix(FILE_PREFIX)
    if not 0 < len(plain) <= NAME_LENGTH_MAX or not LINE.takes(plain):
        raise BadRequest(f"the name of the secret does not fit: expected 1 to {NAME_LENGTH_MAX} characters of one line")


def _bytes_of(value: str) -> int:
    try:
        return len(value.encode())
    except UnicodeEncodeError as problem:
        raise BadRequest("the value of the secret is no text: it holds half of a surrogate pair") from problem
