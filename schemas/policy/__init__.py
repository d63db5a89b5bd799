"""What may be said to and by the policy aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    NAME,
    SUBJECT,
    TEXT,
    URL,
    WORD,
    lines_of,
)
from schemas.types import (
    AccessPolicy,
    AccountCap,
    BrokerFigure,
    BrokerRule,
    ClockSetting,
    Enrolment,
    GlobalShare,
    LinkedMembership,
    OutsideFact,
    QueueSettings,
    ResourceType,
    RetryRule,
    RevokedToken,
    ThrottleLimits,
    TrustedIssuer,
)


class ConfigureQueue(Struct, frozen=True, kw_only=True, gc=False):
    """Set the facts and limits of a queue.

    settings: The settings; replaces what was there.
    """

    settings: QueueSettings

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "settings": self.settings.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            settings=QueueSettings.from_avro(record["settings"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.settings.is_within_bounds()


_NAMES_OF_ENDENROLMENT = lines_of(
    (WORD, 64, 64),
)


class EndEnrolment(Struct, frozen=True, kw_only=True, gc=False):
    """Refuse an enrolment code and every token that came of it.

    code: Digest of the code; the code cannot be made of it.
    reason: Why, as given.
    """

    code: str
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "code": self.code,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            code=record["code"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.reason is None or (len(self.reason) <= 1000 and TEXT.takes(self.reason)))
            and _NAMES_OF_ENDENROLMENT("\n".join((self.code, ""))) is not None
        )


_NAMES_OF_ENDLOGIN = lines_of(
    (URL, 1, 500),
    (WORD, 64, 64),
)


class EndLogin(Struct, frozen=True, kw_only=True, gc=False):
    """Refuse the sender's own token until it ends: a logout.

    issuer: Who issued the token, as in its claim iss.
    token: Digest of the token, as `identity/digest.py` makes it; the token cannot be made of it.
    until: When the token ends; from then on there is nothing to refuse.
    """

    issuer: str
    token: str
    until: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "issuer": self.issuer,
            "token": self.token,
            "until": self.until,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            issuer=record["issuer"],
            token=record["token"],
            until=record["until"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            631152000000000 <= self.until <= 4102444800000000
            and _NAMES_OF_ENDLOGIN("\n".join((self.issuer, self.token, ""))) is not None
        )


_NAMES_OF_LINKIDENTITIES = lines_of(
    (SUBJECT, 1, 255),
    (SUBJECT, 1, 255),
)


class LinkIdentities(Struct, frozen=True, kw_only=True, gc=False):
    """Two ids are of one person, who has shown the credentials of both, or whom an administrator knows.

    actor: Opaque id of a person, as in envelopes: of the two the one that comes first in the order of texts.
    other: The other opaque id.
    reason: Why, as given.
    membership: What a token of one of the two proved; the link alone gives no group.
    """

    actor: str
    other: str
    reason: str | None = None
    membership: LinkedMembership | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "actor": self.actor,
            "other": self.other,
            "reason": self.reason,
            "membership": None if self.membership is None else self.membership.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            actor=record["actor"],
            other=record["other"],
            reason=record["reason"],
            membership=None if record["membership"] is None else LinkedMembership.from_avro(record["membership"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.reason is None or (len(self.reason) <= 1000 and TEXT.takes(self.reason)))
            and _NAMES_OF_LINKIDENTITIES("\n".join((self.actor, self.other, ""))) is not None
            and (self.membership is None or self.membership.is_within_bounds())
        )


_NAMES_OF_OFFERENROLMENT = lines_of(
    (WORD, 64, 64),
    (NAME, 0, 128),
)


class OfferEnrolment(Struct, frozen=True, kw_only=True, gc=False):
    """Let one agent of a site enrol with a code, once.

    code: Digest of the code; the code cannot be made of it.
    queues: Queues that the agent may speak for.
    worker_id: The worker that the agent is; null for a harvester, which makes tokens for its workers.
    expires_at: Until when the code may be used.
    tokens_until: Until when tokens that come of it may be renewed.
    """

    code: str
    queues: tuple[str, ...]
    worker_id: str | None = None
    expires_at: int
    tokens_until: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "code": self.code,
            "queues": list(self.queues),
            "worker_id": self.worker_id,
            "expires_at": self.expires_at,
            "tokens_until": self.tokens_until,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            code=record["code"],
            queues=tuple(record["queues"]),
            worker_id=record["worker_id"],
            expires_at=record["expires_at"],
            tokens_until=record["tokens_until"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.queues) <= 20
            and (not self.queues or all(1 <= len(item) <= 128 and WORD.takes(item) for item in self.queues))
            and 631152000000000 <= self.expires_at <= 4102444800000000
            and 631152000000000 <= self.tokens_until <= 4102444800000000
            and _NAMES_OF_OFFERENROLMENT("\n".join((self.code, self.worker_id or "", ""))) is not None
        )


_NAMES_OF_REDEEMENROLMENT = lines_of(
    (WORD, 64, 64),
    (WORD, 64, 64),
)


class RedeemEnrolment(Struct, frozen=True, kw_only=True, gc=False):
    """An agent used a code.

    code: Digest of the code; the code cannot be made of it.
    redeemer: Digest of what the agent chose when it used the code: only the same agent may repeat that.
    """

    code: str
    redeemer: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "code": self.code,
            "redeemer": self.redeemer,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            code=record["code"],
            redeemer=record["redeemer"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return _NAMES_OF_REDEEMENROLMENT("\n".join((self.code, self.redeemer, ""))) is not None


_NAMES_OF_RESTOREIDENTITY = lines_of(
    (SUBJECT, 1, 255),
)


class RestoreIdentity(Struct, frozen=True, kw_only=True, gc=False):
    """Take the tokens of a revoked person or service again.

    actor: Opaque id of the person or service, as in envelopes.
    reason: Why, as given.
    """

    actor: str
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "actor": self.actor,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            actor=record["actor"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.reason is None or (len(self.reason) <= 1000 and TEXT.takes(self.reason)))
            and _NAMES_OF_RESTOREIDENTITY("\n".join((self.actor, ""))) is not None
        )


_NAMES_OF_REVOKEIDENTITY = lines_of(
    (SUBJECT, 1, 255),
)


class RevokeIdentity(Struct, frozen=True, kw_only=True, gc=False):
    """Refuse every token of a person or service, until the identity is restored.

    actor: Opaque id of the person or service, as in envelopes.
    since: Since when the identity may have been misused, for those who look at what it did; all its tokens are
        refused in any case.
    reason: Why, as given.
    """

    actor: str
    since: int | None = None
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "actor": self.actor,
            "since": self.since,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            actor=record["actor"],
            since=record["since"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.since is None or (631152000000000 <= self.since <= 4102444800000000))
            and (self.reason is None or (len(self.reason) <= 1000 and TEXT.takes(self.reason)))
            and _NAMES_OF_REVOKEIDENTITY("\n".join((self.actor, ""))) is not None
        )


_NAMES_OF_REVOKETOKEN = lines_of(
    (SUBJECT, 1, 255),
    (URL, 1, 500),
    (WORD, 64, 64),
)


class RevokeToken(Struct, frozen=True, kw_only=True, gc=False):
    """Refuse one token until it ends.

    actor: Whose token it is.
    issuer: Who issued the token, as in its claim iss.
    token: Digest of the token, as `identity/digest.py` makes it; the token cannot be made of it.
    until: When the token ends; from then on there is nothing to refuse.
    reason: Why, as given.
    """

    actor: str
    issuer: str
    token: str
    until: int
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "actor": self.actor,
            "issuer": self.issuer,
            "token": self.token,
            "until": self.until,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            actor=record["actor"],
            issuer=record["issuer"],
            token=record["token"],
            until=record["until"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            631152000000000 <= self.until <= 4102444800000000
            and (self.reason is None or (len(self.reason) <= 1000 and TEXT.takes(self.reason)))
            and _NAMES_OF_REVOKETOKEN("\n".join((self.actor, self.issuer, self.token, ""))) is not None
        )


_NAMES_OF_REVOKETOKENSBEFORE = lines_of(
    (URL, 1, 500),
)


class RevokeTokensBefore(Struct, frozen=True, kw_only=True, gc=False):
    """Refuse all tokens of an issuer that were issued before a time: its key became known to others.

    issuer: Who issued the token, as in its claim iss.
    time: Tokens that were issued earlier are refused; null: none is, for this reason.
    reason: Why, as given.
    """

    issuer: str
    time: int | None = None
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "issuer": self.issuer,
            "time": self.time,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            issuer=record["issuer"],
            time=record["time"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.time is None or (631152000000000 <= self.time <= 4102444800000000))
            and (self.reason is None or (len(self.reason) <= 1000 and TEXT.takes(self.reason)))
            and _NAMES_OF_REVOKETOKENSBEFORE("\n".join((self.issuer, ""))) is not None
        )


class SetAccessPolicy(Struct, frozen=True, kw_only=True, gc=False):
    """Set which groups give which roles, and what roles may do.

    policy: All of it.
    revision: Set when the policy may only replace the one of this revision: two people who change it do not
        undo each other.
    """

    policy: AccessPolicy
    revision: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "policy": self.policy.to_avro(),
            "revision": self.revision,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            policy=AccessPolicy.from_avro(record["policy"]),
            revision=record["revision"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.revision is None or (0 <= self.revision <= 9007199254740991))
            and self.policy.is_within_bounds()
        )


class SetBrokers(Struct, frozen=True, kw_only=True, gc=False):
    """Set which broker chooses queues for which work, and the brokers' figures.

    rules: The first rule that fits decides; without one the generic broker.
    figures: Figures other than their defaults (docs/reference/jedi.md).
    """

    rules: tuple[BrokerRule, ...] = ()
    figures: tuple[BrokerFigure, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "rules": [item.to_avro() for item in self.rules],
            "figures": [item.to_avro() for item in self.figures],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            rules=tuple(BrokerRule.from_avro(item) for item in record["rules"]),
            figures=tuple(BrokerFigure.from_avro(item) for item in record["figures"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.rules) <= 100
            and len(self.figures) <= 100
            and (not self.rules or all(map(BrokerRule.is_within_bounds, self.rules)))
            and (not self.figures or all(map(BrokerFigure.is_within_bounds, self.figures)))
        )


class SetClocks(Struct, frozen=True, kw_only=True, gc=False):
    """Set clocks of jobs that differ from the built-in ones; they hold at once, for jobs that exist, too.

    clocks: All that differ.
    """

    clocks: tuple[ClockSetting, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "clocks": [item.to_avro() for item in self.clocks],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            clocks=tuple(ClockSetting.from_avro(item) for item in record["clocks"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.clocks) <= 100
            and (not self.clocks or all(map(ClockSetting.is_within_bounds, self.clocks)))
        )


class SetIssuers(Struct, frozen=True, kw_only=True, gc=False):
    """Set which issuers of tokens are believed.

    issuers: All of them.
    revision: Set when the list may only replace the one of this revision: two people who change it do not undo
        each other.
    """

    issuers: tuple[TrustedIssuer, ...] = ()
    revision: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "issuers": [item.to_avro() for item in self.issuers],
            "revision": self.revision,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            issuers=tuple(TrustedIssuer.from_avro(item) for item in record["issuers"]),
            revision=record["revision"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.issuers) <= 100
            and (self.revision is None or (0 <= self.revision <= 9007199254740991))
            and (not self.issuers or all(map(TrustedIssuer.is_within_bounds, self.issuers)))
        )


_NAMES_OF_SETOUTSIDEFACT = lines_of(
    (WORD, 1, 64),
)


class SetOutsideFact(Struct, frozen=True, kw_only=True, gc=False):
    """Set what a source outside says of one thing; without a fact: its source names it no more.

    source: Name of the source.
    source_at: When the source was made.
    fact: What it says; null takes it away.
    """

    source: str
    source_at: int
    fact: OutsideFact | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "source": self.source,
            "source_at": self.source_at,
            "fact": None if self.fact is None else self.fact.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            source=record["source"],
            source_at=record["source_at"],
            fact=None if record["fact"] is None else OutsideFact.from_avro(record["fact"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            631152000000000 <= self.source_at <= 4102444800000000
            and _NAMES_OF_SETOUTSIDEFACT("\n".join((self.source, ""))) is not None
            and (self.fact is None or self.fact.is_within_bounds())
        )


class SetResourceTypes(Struct, frozen=True, kw_only=True, gc=False):
    """Set the resource types of jobs.

    rows: All rows, in the order they are tried.
    """

    rows: tuple[ResourceType, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "rows": [item.to_avro() for item in self.rows],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            rows=tuple(ResourceType.from_avro(item) for item in record["rows"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.rows) <= 100
            and (not self.rows or all(map(ResourceType.is_within_bounds, self.rows)))
        )


class SetRetryRules(Struct, frozen=True, kw_only=True, gc=False):
    """Set the retry rules.

    rules: All rules, in order.
    """

    rules: tuple[RetryRule, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "rules": [item.to_avro() for item in self.rules],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            rules=tuple(RetryRule.from_avro(item) for item in record["rules"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.rules) <= 1000
            and (not self.rules or all(map(RetryRule.is_within_bounds, self.rules)))
        )


class SetShares(Struct, frozen=True, kw_only=True, gc=False):
    """Set the tree of global shares.

    shares: The whole tree.
    """

    shares: tuple[GlobalShare, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "shares": [item.to_avro() for item in self.shares],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            shares=tuple(GlobalShare.from_avro(item) for item in record["shares"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.shares) <= 1000
            and (not self.shares or all(map(GlobalShare.is_within_bounds, self.shares)))
        )


class SetThrottles(Struct, frozen=True, kw_only=True, gc=False):
    """Set the limits by which orders of jobs are throttled; they hold at once, for orders that wait, too.

    limits: Limits of shares and resource types other than the built-in ones.
    caps: Caps of users and groups; the first that fits counts.
    """

    limits: tuple[ThrottleLimits, ...] = ()
    caps: tuple[AccountCap, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "limits": [item.to_avro() for item in self.limits],
            "caps": [item.to_avro() for item in self.caps],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            limits=tuple(ThrottleLimits.from_avro(item) for item in record["limits"]),
            caps=tuple(AccountCap.from_avro(item) for item in record["caps"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.limits) <= 1000
            and len(self.caps) <= 1000
            and (not self.limits or all(map(ThrottleLimits.is_within_bounds, self.limits)))
            and (not self.caps or all(map(AccountCap.is_within_bounds, self.caps)))
        )


_NAMES_OF_TAKESOURCE = lines_of(
    (WORD, 1, 64),
)


class TakeSource(Struct, frozen=True, kw_only=True, gc=False):
    """Take over what a source outside says, if it is whole: the entries that its document names.

    source: Name of the source.
    source_at: When the source was made.
    entries: Keys of the policies that it sets.
    confirmed: A person has looked: entries may be gone.
    """

    source: str
    source_at: int
    entries: tuple[str, ...] = ()
    confirmed: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "source": self.source,
            "source_at": self.source_at,
            "entries": list(self.entries),
            "confirmed": self.confirmed,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            source=record["source"],
            source_at=record["source_at"],
            entries=tuple(record["entries"]),
            confirmed=record["confirmed"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            631152000000000 <= self.source_at <= 4102444800000000
            and len(self.entries) <= 10000
            and (not self.entries or all(1 <= len(item) <= 600 and NAME.takes(item) for item in self.entries))
            and _NAMES_OF_TAKESOURCE("\n".join((self.source, ""))) is not None
        )


_NAMES_OF_UNLINKIDENTITIES = lines_of(
    (SUBJECT, 1, 255),
    (SUBJECT, 1, 255),
)


class UnlinkIdentities(Struct, frozen=True, kw_only=True, gc=False):
    """Two linked ids are of one person no more; what each of them owns is its own again.

    actor: Opaque id of a person, as in envelopes: of the two the one that comes first in the order of texts.
    other: The other opaque id.
    reason: Why, as given.
    """

    actor: str
    other: str
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "actor": self.actor,
            "other": self.other,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            actor=record["actor"],
            other=record["other"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.reason is None or (len(self.reason) <= 1000 and TEXT.takes(self.reason)))
            and _NAMES_OF_UNLINKIDENTITIES("\n".join((self.actor, self.other, ""))) is not None
        )


class AccessPolicySet(Struct, frozen=True, kw_only=True, gc=False):
    """Which groups give which roles, and what roles may do, was set.

    policy: All of it.
    """

    policy: AccessPolicy

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "policy": self.policy.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            policy=AccessPolicy.from_avro(record["policy"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.policy.is_within_bounds()


class BrokersSet(Struct, frozen=True, kw_only=True, gc=False):
    """Which broker chooses queues for which work was set.

    rules: The first rule that fits decides; without one the generic broker.
    figures: Figures other than their defaults (docs/reference/jedi.md).
    """

    rules: tuple[BrokerRule, ...] = ()
    figures: tuple[BrokerFigure, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "rules": [item.to_avro() for item in self.rules],
            "figures": [item.to_avro() for item in self.figures],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            rules=tuple(BrokerRule.from_avro(item) for item in record["rules"]),
            figures=tuple(BrokerFigure.from_avro(item) for item in record["figures"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.rules) <= 100
            and len(self.figures) <= 100
            and (not self.rules or all(map(BrokerRule.is_within_bounds, self.rules)))
            and (not self.figures or all(map(BrokerFigure.is_within_bounds, self.figures)))
        )


class ClocksSet(Struct, frozen=True, kw_only=True, gc=False):
    """Clocks of jobs are other ones.

    clocks: All that differ from the built-in ones.
    """

    clocks: tuple[ClockSetting, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "clocks": [item.to_avro() for item in self.clocks],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            clocks=tuple(ClockSetting.from_avro(item) for item in record["clocks"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.clocks) <= 100
            and (not self.clocks or all(map(ClockSetting.is_within_bounds, self.clocks)))
        )


_NAMES_OF_ENROLMENTENDED = lines_of(
    (WORD, 64, 64),
)


class EnrolmentEnded(Struct, frozen=True, kw_only=True, gc=False):
    """A code and every token that came of it are refused.

    code: Digest of the code; the code cannot be made of it.
    used_twice: True when someone used the code a second time: one of the two had stolen it.
    reason: Why, as given.
    """

    code: str
    used_twice: bool = False
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "code": self.code,
            "used_twice": self.used_twice,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            code=record["code"],
            used_twice=record["used_twice"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.reason is None or (len(self.reason) <= 1000 and TEXT.takes(self.reason)))
            and _NAMES_OF_ENROLMENTENDED("\n".join((self.code, ""))) is not None
        )


_NAMES_OF_ENROLMENTOFFERED = lines_of(
    (WORD, 64, 64),
    (NAME, 0, 128),
)


class EnrolmentOffered(Struct, frozen=True, kw_only=True, gc=False):
    """An agent may enrol with a code.

    code: Digest of the code; the code cannot be made of it.
    queues: Queues that the agent may speak for.
    worker_id: The worker that the agent is; null for a harvester, which makes tokens for its workers.
    expires_at: Until when the code may be used.
    tokens_until: Until when tokens that come of it may be renewed.
    """

    code: str
    queues: tuple[str, ...]
    worker_id: str | None = None
    expires_at: int
    tokens_until: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "code": self.code,
            "queues": list(self.queues),
            "worker_id": self.worker_id,
            "expires_at": self.expires_at,
            "tokens_until": self.tokens_until,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            code=record["code"],
            queues=tuple(record["queues"]),
            worker_id=record["worker_id"],
            expires_at=record["expires_at"],
            tokens_until=record["tokens_until"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.queues) <= 20
            and (not self.queues or all(1 <= len(item) <= 128 and WORD.takes(item) for item in self.queues))
            and 631152000000000 <= self.expires_at <= 4102444800000000
            and 631152000000000 <= self.tokens_until <= 4102444800000000
            and _NAMES_OF_ENROLMENTOFFERED("\n".join((self.code, self.worker_id or "", ""))) is not None
        )


_NAMES_OF_ENROLMENTREDEEMED = lines_of(
    (WORD, 64, 64),
    (WORD, 64, 64),
)


class EnrolmentRedeemed(Struct, frozen=True, kw_only=True, gc=False):
    """An agent has enrolled; its code is used up.

    code: Digest of the code; the code cannot be made of it.
    redeemer: Digest of what the agent chose when it used the code: only the same agent may repeat that.
    """

    code: str
    redeemer: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "code": self.code,
            "redeemer": self.redeemer,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            code=record["code"],
            redeemer=record["redeemer"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return _NAMES_OF_ENROLMENTREDEEMED("\n".join((self.code, self.redeemer, ""))) is not None


_NAMES_OF_IDENTITYLINKED = lines_of(
    (SUBJECT, 1, 255),
    (SUBJECT, 1, 255),
)


class IdentityLinked(Struct, frozen=True, kw_only=True, gc=False):
    """Two ids are of one person from now on: each may do what the other may with what the other owns.

    actor: Opaque id of a person, as in envelopes: of the two the one that comes first in the order of texts.
    other: The other opaque id.
    reason: Why, as given.
    membership: What a token of one of the two proved; the link alone gives no group.
    """

    actor: str
    other: str
    reason: str | None = None
    membership: LinkedMembership | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "actor": self.actor,
            "other": self.other,
            "reason": self.reason,
            "membership": None if self.membership is None else self.membership.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            actor=record["actor"],
            other=record["other"],
            reason=record["reason"],
            membership=None if record["membership"] is None else LinkedMembership.from_avro(record["membership"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.reason is None or (len(self.reason) <= 1000 and TEXT.takes(self.reason)))
            and _NAMES_OF_IDENTITYLINKED("\n".join((self.actor, self.other, ""))) is not None
            and (self.membership is None or self.membership.is_within_bounds())
        )


_NAMES_OF_IDENTITYRESTORED = lines_of(
    (SUBJECT, 1, 255),
)


class IdentityRestored(Struct, frozen=True, kw_only=True, gc=False):
    """Tokens of a person or service are taken again.

    actor: Opaque id of the person or service, as in envelopes.
    reason: Why, as given.
    """

    actor: str
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "actor": self.actor,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            actor=record["actor"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.reason is None or (len(self.reason) <= 1000 and TEXT.takes(self.reason)))
            and _NAMES_OF_IDENTITYRESTORED("\n".join((self.actor, ""))) is not None
        )


_NAMES_OF_IDENTITYREVOKED = lines_of(
    (SUBJECT, 1, 255),
)


class IdentityRevoked(Struct, frozen=True, kw_only=True, gc=False):
    """Every token of a person or service is refused from now on.

    actor: Opaque id of the person or service, as in envelopes.
    since: Since when the identity may have been misused, for those who look at what it did; all its tokens are
        refused in any case.
    reason: Why, as given.
    """

    actor: str
    since: int | None = None
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "actor": self.actor,
            "since": self.since,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            actor=record["actor"],
            since=record["since"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.since is None or (631152000000000 <= self.since <= 4102444800000000))
            and (self.reason is None or (len(self.reason) <= 1000 and TEXT.takes(self.reason)))
            and _NAMES_OF_IDENTITYREVOKED("\n".join((self.actor, ""))) is not None
        )


_NAMES_OF_IDENTITYUNLINKED = lines_of(
    (SUBJECT, 1, 255),
    (SUBJECT, 1, 255),
)


class IdentityUnlinked(Struct, frozen=True, kw_only=True, gc=False):
    """Two ids are of one person no more.

    actor: Opaque id of a person, as in envelopes: of the two the one that comes first in the order of texts.
    other: The other opaque id.
    reason: Why, as given.
    """

    actor: str
    other: str
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "actor": self.actor,
            "other": self.other,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            actor=record["actor"],
            other=record["other"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.reason is None or (len(self.reason) <= 1000 and TEXT.takes(self.reason)))
            and _NAMES_OF_IDENTITYUNLINKED("\n".join((self.actor, self.other, ""))) is not None
        )


class IssuersSet(Struct, frozen=True, kw_only=True, gc=False):
    """The issuers of tokens that are believed were set.

    issuers: All of them.
    """

    issuers: tuple[TrustedIssuer, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "issuers": [item.to_avro() for item in self.issuers],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            issuers=tuple(TrustedIssuer.from_avro(item) for item in record["issuers"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.issuers) <= 100
            and (not self.issuers or all(map(TrustedIssuer.is_within_bounds, self.issuers)))
        )


_NAMES_OF_OUTSIDEFACTSET = lines_of(
    (WORD, 1, 64),
)


class OutsideFactSet(Struct, frozen=True, kw_only=True, gc=False):
    """A source outside says something else of one thing than before.

    source: Name of the source.
    source_at: When the source was made.
    fact: What it says; null when the source names it no more.
    """

    source: str
    source_at: int
    fact: OutsideFact | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "source": self.source,
            "source_at": self.source_at,
            "fact": None if self.fact is None else self.fact.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            source=record["source"],
            source_at=record["source_at"],
            fact=None if record["fact"] is None else OutsideFact.from_avro(record["fact"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            631152000000000 <= self.source_at <= 4102444800000000
            and _NAMES_OF_OUTSIDEFACTSET("\n".join((self.source, ""))) is not None
            and (self.fact is None or self.fact.is_within_bounds())
        )


class QueueConfigured(Struct, frozen=True, kw_only=True, gc=False):
    """A queue has new settings.

    settings: The settings.
    """

    settings: QueueSettings

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "settings": self.settings.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            settings=QueueSettings.from_avro(record["settings"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.settings.is_within_bounds()


class ResourceTypesSet(Struct, frozen=True, kw_only=True, gc=False):
    """The resource types of jobs were set.

    rows: All rows.
    """

    rows: tuple[ResourceType, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "rows": [item.to_avro() for item in self.rows],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            rows=tuple(ResourceType.from_avro(item) for item in record["rows"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.rows) <= 100
            and (not self.rows or all(map(ResourceType.is_within_bounds, self.rows)))
        )


class RetryRulesSet(Struct, frozen=True, kw_only=True, gc=False):
    """The retry rules were set.

    rules: All rules.
    """

    rules: tuple[RetryRule, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "rules": [item.to_avro() for item in self.rules],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            rules=tuple(RetryRule.from_avro(item) for item in record["rules"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.rules) <= 1000
            and (not self.rules or all(map(RetryRule.is_within_bounds, self.rules)))
        )


class SharesSet(Struct, frozen=True, kw_only=True, gc=False):
    """The tree of shares was set.

    shares: The whole tree.
    """

    shares: tuple[GlobalShare, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "shares": [item.to_avro() for item in self.shares],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            shares=tuple(GlobalShare.from_avro(item) for item in record["shares"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.shares) <= 1000
            and (not self.shares or all(map(GlobalShare.is_within_bounds, self.shares)))
        )


_NAMES_OF_SOURCEHELDBACK = lines_of(
    (WORD, 1, 64),
)


class SourceHeldBack(Struct, frozen=True, kw_only=True, gc=False):
    """A source outside was not taken over: too many of its entries are gone.

    source: Name of the source.
    source_at: When the source was made.
    entries_before: How many it named.
    entries_gone: How many of these it names no more.
    examples: Some of them.
    """

    source: str
    source_at: int
    entries_before: int = 0
    entries_gone: int = 0
    examples: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "source": self.source,
            "source_at": self.source_at,
            "entries_before": self.entries_before,
            "entries_gone": self.entries_gone,
            "examples": list(self.examples),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            source=record["source"],
            source_at=record["source_at"],
            entries_before=record["entries_before"],
            entries_gone=record["entries_gone"],
            examples=tuple(record["examples"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            631152000000000 <= self.source_at <= 4102444800000000
            and 0 <= self.entries_before <= 10000
            and 0 <= self.entries_gone <= 10000
            and len(self.examples) <= 20
            and (not self.examples or all(1 <= len(item) <= 600 and NAME.takes(item) for item in self.examples))
            and _NAMES_OF_SOURCEHELDBACK("\n".join((self.source, ""))) is not None
        )


_NAMES_OF_SOURCETAKEN = lines_of(
    (WORD, 1, 64),
)


class SourceTaken(Struct, frozen=True, kw_only=True, gc=False):
    """A source outside was taken over.

    source: Name of the source.
    source_at: When the source was made.
    added: Keys that it did not name before.
    removed: Keys that it names no more.
    entries: How many it names now.
    confirmed: A person let it in although entries are gone.
    """

    source: str
    source_at: int
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    entries: int = 0
    confirmed: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "source": self.source,
            "source_at": self.source_at,
            "added": list(self.added),
            "removed": list(self.removed),
            "entries": self.entries,
            "confirmed": self.confirmed,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            source=record["source"],
            source_at=record["source_at"],
            added=tuple(record["added"]),
            removed=tuple(record["removed"]),
            entries=record["entries"],
            confirmed=record["confirmed"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            631152000000000 <= self.source_at <= 4102444800000000
            and len(self.added) <= 10000
            and (not self.added or all(1 <= len(item) <= 600 and NAME.takes(item) for item in self.added))
            and len(self.removed) <= 10000
            and (not self.removed or all(1 <= len(item) <= 600 and NAME.takes(item) for item in self.removed))
            and 0 <= self.entries <= 10000
            and _NAMES_OF_SOURCETAKEN("\n".join((self.source, ""))) is not None
        )


class ThrottlesSet(Struct, frozen=True, kw_only=True, gc=False):
    """The limits by which orders of jobs are throttled are other ones.

    limits: Limits of shares and resource types other than the built-in ones.
    caps: Caps of users and groups; the first that fits counts.
    """

    limits: tuple[ThrottleLimits, ...] = ()
    caps: tuple[AccountCap, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "limits": [item.to_avro() for item in self.limits],
            "caps": [item.to_avro() for item in self.caps],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            limits=tuple(ThrottleLimits.from_avro(item) for item in record["limits"]),
            caps=tuple(AccountCap.from_avro(item) for item in record["caps"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.limits) <= 1000
            and len(self.caps) <= 1000
            and (not self.limits or all(map(ThrottleLimits.is_within_bounds, self.limits)))
            and (not self.caps or all(map(AccountCap.is_within_bounds, self.caps)))
        )


_NAMES_OF_TOKENREVOKED = lines_of(
    (SUBJECT, 1, 255),
    (URL, 1, 500),
    (WORD, 64, 64),
)


class TokenRevoked(Struct, frozen=True, kw_only=True, gc=False):
    """One token is refused until it ends.

    actor: Whose token it is.
    issuer: Who issued the token, as in its claim iss.
    token: Digest of the token, as `identity/digest.py` makes it; the token cannot be made of it.
    until: When the token ends; from then on there is nothing to refuse.
    reason: Why, as given.
    """

    actor: str
    issuer: str
    token: str
    until: int
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "actor": self.actor,
            "issuer": self.issuer,
            "token": self.token,
            "until": self.until,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            actor=record["actor"],
            issuer=record["issuer"],
            token=record["token"],
            until=record["until"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            631152000000000 <= self.until <= 4102444800000000
            and (self.reason is None or (len(self.reason) <= 1000 and TEXT.takes(self.reason)))
            and _NAMES_OF_TOKENREVOKED("\n".join((self.actor, self.issuer, self.token, ""))) is not None
        )


_NAMES_OF_TOKENSREVOKEDBEFORE = lines_of(
    (URL, 1, 500),
)


class TokensRevokedBefore(Struct, frozen=True, kw_only=True, gc=False):
    """All tokens of an issuer that were issued before a time are refused.

    issuer: Who issued the token, as in its claim iss.
    time: Tokens that were issued earlier are refused; null: none is, for this reason.
    reason: Why, as given.
    """

    issuer: str
    time: int | None = None
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "issuer": self.issuer,
            "time": self.time,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            issuer=record["issuer"],
            time=record["time"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.time is None or (631152000000000 <= self.time <= 4102444800000000))
            and (self.reason is None or (len(self.reason) <= 1000 and TEXT.takes(self.reason)))
            and _NAMES_OF_TOKENSREVOKEDBEFORE("\n".join((self.issuer, ""))) is not None
        )


_NAMES_OF_POLICYSNAPSHOT = lines_of(
    (WORD, 0, 64),
)


class PolicySnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """What was set last under the name of a policy.

    settings: Settings of a queue.
    shares_set: True when `shares` was set.
    shares: The tree of shares.
    rules_set: True when `rules` was set.
    rules: Retry rules.
    issuers_set: True when `issuers` was set.
    issuers: Issuers of tokens that are believed.
    revision: How many times the issuers were set.
    identity_revoked: True while every token of this identity is refused.
    revoked_tokens: Tokens of this identity that are refused.
    tokens_before: Tokens of this issuer that were issued earlier are refused.
    vo: Tenant of the one who set it first; empty in rows of earlier releases.
    access: Roles and rights that were set.
    enrolment: Of an enrolment code: its state.
    linked: Ids that are of the same person as the one that this policy is about.
    resource_types: Resource types; empty while none were set.
    outside: What a source outside says of it.
    source_entries: Of a source: the keys that it names.
    source_at: When the source was made (microseconds UTC); 0 where none was.
    source_held_back: Of a source: its last document was not taken over.
    broker_rules: Which broker chooses queues for which work.
    broker_figures: Figures of the brokers.
    clocks: Clocks of jobs that differ from the built-in ones.
    throttle_limits: Limits of shares and resource types other than the built-in ones.
    account_caps: Caps of users and groups; the first that fits counts.
    """

    settings: QueueSettings | None = None
    shares_set: bool = False
    shares: tuple[GlobalShare, ...] = ()
    rules_set: bool = False
    rules: tuple[RetryRule, ...] = ()
    issuers_set: bool = False
    issuers: tuple[TrustedIssuer, ...] = ()
    revision: int = 0
    identity_revoked: bool = False
    revoked_tokens: tuple[RevokedToken, ...] = ()
    tokens_before: int | None = None
    vo: str = ""
    access: AccessPolicy | None = None
    enrolment: Enrolment | None = None
    linked: tuple[str, ...] = ()
    resource_types: tuple[ResourceType, ...] = ()
    outside: OutsideFact | None = None
    source_entries: tuple[str, ...] = ()
    source_at: int = 0
    source_held_back: bool = False
    broker_rules: tuple[BrokerRule, ...] = ()
    broker_figures: tuple[BrokerFigure, ...] = ()
    clocks: tuple[ClockSetting, ...] = ()
    throttle_limits: tuple[ThrottleLimits, ...] = ()
    account_caps: tuple[AccountCap, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "settings": None if self.settings is None else self.settings.to_avro(),
            "shares_set": self.shares_set,
            "shares": [item.to_avro() for item in self.shares],
            "rules_set": self.rules_set,
            "rules": [item.to_avro() for item in self.rules],
            "issuers_set": self.issuers_set,
            "issuers": [item.to_avro() for item in self.issuers],
            "revision": self.revision,
            "identity_revoked": self.identity_revoked,
            "revoked_tokens": [item.to_avro() for item in self.revoked_tokens],
            "tokens_before": self.tokens_before,
            "vo": self.vo,
            "access": None if self.access is None else self.access.to_avro(),
            "enrolment": None if self.enrolment is None else self.enrolment.to_avro(),
            "linked": list(self.linked),
            "resource_types": [item.to_avro() for item in self.resource_types],
            "outside": None if self.outside is None else self.outside.to_avro(),
            "source_entries": list(self.source_entries),
            "source_at": self.source_at,
            "source_held_back": self.source_held_back,
            "broker_rules": [item.to_avro() for item in self.broker_rules],
            "broker_figures": [item.to_avro() for item in self.broker_figures],
            "clocks": [item.to_avro() for item in self.clocks],
            "throttle_limits": [item.to_avro() for item in self.throttle_limits],
            "account_caps": [item.to_avro() for item in self.account_caps],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            settings=None if record["settings"] is None else QueueSettings.from_avro(record["settings"]),
            shares_set=record["shares_set"],
            shares=tuple(GlobalShare.from_avro(item) for item in record["shares"]),
            rules_set=record["rules_set"],
            rules=tuple(RetryRule.from_avro(item) for item in record["rules"]),
            issuers_set=record["issuers_set"],
            issuers=tuple(TrustedIssuer.from_avro(item) for item in record["issuers"]),
            revision=record["revision"],
            identity_revoked=record["identity_revoked"],
            revoked_tokens=tuple(RevokedToken.from_avro(item) for item in record["revoked_tokens"]),
            tokens_before=record["tokens_before"],
            vo=record["vo"],
            access=None if record["access"] is None else AccessPolicy.from_avro(record["access"]),
            enrolment=None if record["enrolment"] is None else Enrolment.from_avro(record["enrolment"]),
            linked=tuple(record["linked"]),
            resource_types=tuple(ResourceType.from_avro(item) for item in record["resource_types"]),
            outside=None if record["outside"] is None else OutsideFact.from_avro(record["outside"]),
            source_entries=tuple(record["source_entries"]),
            source_at=record["source_at"],
            source_held_back=record["source_held_back"],
            broker_rules=tuple(BrokerRule.from_avro(item) for item in record["broker_rules"]),
            broker_figures=tuple(BrokerFigure.from_avro(item) for item in record["broker_figures"]),
            clocks=tuple(ClockSetting.from_avro(item) for item in record["clocks"]),
            throttle_limits=tuple(ThrottleLimits.from_avro(item) for item in record["throttle_limits"]),
            account_caps=tuple(AccountCap.from_avro(item) for item in record["account_caps"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.shares) <= 1000
            and len(self.rules) <= 1000
            and len(self.issuers) <= 100
            and 0 <= self.revision <= 9007199254740991
            and len(self.revoked_tokens) <= 500
            and (self.tokens_before is None or (631152000000000 <= self.tokens_before <= 4102444800000000))
            and len(self.linked) <= 16
            and (not self.linked or all(1 <= len(item) <= 255 and SUBJECT.takes(item) for item in self.linked))
            and len(self.resource_types) <= 100
            and len(self.source_entries) <= 10000
            and (not self.source_entries or all(1 <= len(item) <= 600 and NAME.takes(item) for item in self.source_entries))
            and 0 <= self.source_at <= 4102444800000000
            and len(self.broker_rules) <= 100
            and len(self.broker_figures) <= 100
            and len(self.clocks) <= 100
            and len(self.throttle_limits) <= 1000
            and len(self.account_caps) <= 1000
            and _NAMES_OF_POLICYSNAPSHOT("\n".join((self.vo, ""))) is not None
            and (self.settings is None or self.settings.is_within_bounds())
            and (not self.shares or all(map(GlobalShare.is_within_bounds, self.shares)))
            and (not self.rules or all(map(RetryRule.is_within_bounds, self.rules)))
            and (not self.issuers or all(map(TrustedIssuer.is_within_bounds, self.issuers)))
            and (not self.revoked_tokens or all(map(RevokedToken.is_within_bounds, self.revoked_tokens)))
            and (self.access is None or self.access.is_within_bounds())
            and (self.enrolment is None or self.enrolment.is_within_bounds())
            and (not self.resource_types or all(map(ResourceType.is_within_bounds, self.resource_types)))
            and (self.outside is None or self.outside.is_within_bounds())
            and (not self.broker_rules or all(map(BrokerRule.is_within_bounds, self.broker_rules)))
            and (not self.broker_figures or all(map(BrokerFigure.is_within_bounds, self.broker_figures)))
            and (not self.clocks or all(map(ClockSetting.is_within_bounds, self.clocks)))
            and (not self.throttle_limits or all(map(ThrottleLimits.is_within_bounds, self.throttle_limits)))
            and (not self.account_caps or all(map(AccountCap.is_within_bounds, self.account_caps)))
        )


PolicyCommand = (
    ConfigureQueue
    | EndEnrolment
    | EndLogin
    | LinkIdentities
    | OfferEnrolment
    | RedeemEnrolment
    | RestoreIdentity
    | RevokeIdentity
    | RevokeToken
    | RevokeTokensBefore
    | SetAccessPolicy
    | SetBrokers
    | SetClocks
    | SetIssuers
    | SetOutsideFact
    | SetResourceTypes
    | SetRetryRules
    | SetShares
    | SetThrottles
    | TakeSource
    | UnlinkIdentities
)

PolicyEvent = (
    AccessPolicySet
    | BrokersSet
    | ClocksSet
    | EnrolmentEnded
    | EnrolmentOffered
    | EnrolmentRedeemed
    | IdentityLinked
    | IdentityRestored
    | IdentityRevoked
    | IdentityUnlinked
    | IssuersSet
    | OutsideFactSet
    | QueueConfigured
    | ResourceTypesSet
    | RetryRulesSet
    | SharesSet
    | SourceHeldBack
    | SourceTaken
    | ThrottlesSet
    | TokenRevoked
    | TokensRevokedBefore
)
