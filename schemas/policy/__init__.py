"""What may be said to and by the policy aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    SUBJECT,
    TEXT,
    URL,
    WORD,
    lines_of,
)
from schemas.types import (
    GlobalShare,
    QueueSettings,
    RetryRule,
    RevokedToken,
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
            and _NAMES_OF_POLICYSNAPSHOT("\n".join((self.vo, ""))) is not None
            and (self.settings is None or self.settings.is_within_bounds())
            and (not self.shares or all(map(GlobalShare.is_within_bounds, self.shares)))
            and (not self.rules or all(map(RetryRule.is_within_bounds, self.rules)))
            and (not self.issuers or all(map(TrustedIssuer.is_within_bounds, self.issuers)))
            and (not self.revoked_tokens or all(map(RevokedToken.is_within_bounds, self.revoked_tokens)))
        )


PolicyCommand = (
    ConfigureQueue
    | EndLogin
    | RestoreIdentity
    | RevokeIdentity
    | RevokeToken
    | RevokeTokensBefore
    | SetIssuers
    | SetRetryRules
    | SetShares
)

PolicyEvent = (
    IdentityRestored
    | IdentityRevoked
    | IssuersSet
    | QueueConfigured
    | RetryRulesSet
    | SharesSet
    | TokenRevoked
    | TokensRevokedBefore
)
