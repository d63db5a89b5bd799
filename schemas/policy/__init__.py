"""What may be said to and by the policy aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    WORD,
    lines_of,
)
from schemas.types import (
    GlobalShare,
    QueueSettings,
    RetryRule,
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
            vo=record["vo"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.shares) <= 1000
            and len(self.rules) <= 1000
            and len(self.issuers) <= 100
            and 0 <= self.revision <= 9007199254740991
            and _NAMES_OF_POLICYSNAPSHOT("\n".join((self.vo, ""))) is not None
            and (self.settings is None or self.settings.is_within_bounds())
            and (not self.shares or all(map(GlobalShare.is_within_bounds, self.shares)))
            and (not self.rules or all(map(RetryRule.is_within_bounds, self.rules)))
            and (not self.issuers or all(map(TrustedIssuer.is_within_bounds, self.issuers)))
        )


PolicyCommand = (
    ConfigureQueue
    | SetIssuers
    | SetRetryRules
    | SetShares
)

PolicyEvent = (
    IssuersSet
    | QueueConfigured
    | RetryRulesSet
    | SharesSet
)
