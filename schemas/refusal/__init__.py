"""What may be said to and by the refusal aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    NAME,
    SUBJECT,
    UUID,
    WORD,
    lines_of,
)

_NAMES_OF_REQUESTSREFUSED = lines_of(
    (SUBJECT, 1, 255),
    (WORD, 0, 64),
    (WORD, 1, 64),
    (NAME, 0, 255),
    (WORD, 1, 64),
    (UUID, 0, 36),
)


class RequestsRefused(Struct, frozen=True, kw_only=True, gc=False):
    """Requests of one caller were refused for one reason, within one minute, at one API.

    caller: Actor of a token that is believed; else `token.` with the beginning of the digest of what was sent,
        `none` without a token, `others` for callers beyond those that have records of their own in a minute.
    vo: Tenant, of a believed member; empty for others.
    route_class: Class of the route that was asked: user, pilot, operator ...; any where the class was not
        looked at.
    route: Route of the first of them, as declared, without the values in it; empty where it is not known.
    rule: What did not hold: a rule of a token in docs/identity.md, or token (none was sent), member, role,
        owner.
    requests: How many requests this record stands for.
    first_at: When the first of them was refused.
    last_at: When the last of them was refused.
    correlation_id: Correlation id of the first of them, where its sender gave one.
    groups: Groups of a believed member in the VO, at most 50 of them, so that a changed policy can be tried on
        the refusal.
    """

    caller: str
    vo: str = ""
    route_class: str
    route: str = ""
    rule: str
    requests: int
    first_at: int
    last_at: int
    correlation_id: str | None = None
    groups: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "caller": self.caller,
            "vo": self.vo,
            "route_class": self.route_class,
            "route": self.route,
            "rule": self.rule,
            "requests": self.requests,
            "first_at": self.first_at,
            "last_at": self.last_at,
            "correlation_id": self.correlation_id,
            "groups": list(self.groups),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            caller=record["caller"],
            vo=record["vo"],
            route_class=record["route_class"],
            route=record["route"],
            rule=record["rule"],
            requests=record["requests"],
            first_at=record["first_at"],
            last_at=record["last_at"],
            correlation_id=record["correlation_id"],
            groups=tuple(record["groups"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.requests <= 2147483647
            and 631152000000000 <= self.first_at <= 4102444800000000
            and 631152000000000 <= self.last_at <= 4102444800000000
            and len(self.groups) <= 50
            and (not self.groups or all(1 <= len(item) <= 320 and SUBJECT.takes(item) for item in self.groups))
            and _NAMES_OF_REQUESTSREFUSED("\n".join((self.caller, self.vo, self.route_class, self.route, self.rule, self.correlation_id or "", ""))) is not None
            and self.correlation_id != ""
        )
