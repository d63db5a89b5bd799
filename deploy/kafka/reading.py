"""What accounts of consumers may do at the local Kafka: read events and signs of life, in groups of their own; an account of one
organisation the copies of that organisation's events alone.

In: the address of the brokers, as Culm's account. Out: exactly these rights; what an earlier release gave besides is taken away.
Commands, answers, states of deciders, dead letters, refusals and the registry's own topics are not for consumers.
"""

from collections.abc import Collection
from typing import Any

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from deploy.kafka.accounts import READER
from eventlog.connection import open_admin
from process.mirrored import ACCOUNTS, account_of, copy_of, groups_of, sources
from schemas.topics import topics_of_role

#: Roles of topics (schemas/topics.toml) that consumers may read.
ROLES = ("events", "heartbeats")
#: Groups of consumers begin so; none of Culm's does.
GROUPS = "consumer-"
SECONDS_MAX = 20.0


def rights(mirrored: Collection[str] = ()) -> set[AclBinding]:
    """Each topic by its name, and the groups by how their names begin; as well for each organisation that has a mirror."""
    topics = [name for role in ROLES for name in topics_of_role(role)]
    found = _reading(READER, topics, GROUPS)
    for vo in mirrored:
        found |= _reading(account_of(vo), [copy_of(topic, vo) for topic in sources()], groups_of(vo))
    return found


def allow_reading(kafka: str, mirrored: Collection[str] = ()) -> None:
    """Give the accounts these rights and no others; raises KafkaException when the brokers do not."""
    admin = open_admin(kafka, "culm-rights")
    found = _given(admin)
    wanted = rights(mirrored)
    for one in found - wanted:
        admin.delete_acls([_filter_of(one)])[_filter_of(one)].result(SECONDS_MAX)
    missing = sorted(wanted - found)
    for outcome in (admin.create_acls(missing) if missing else {}).values():
        outcome.result(SECONDS_MAX)


def given(kafka: str) -> set[AclBinding]:
    """The rights that they have now, also those that all accounts have."""
    return _given(open_admin(kafka, "culm-rights"))


def _given(admin: AdminClient) -> set[AclBinding]:
    return {one for one in admin.describe_acls(_ALL).result(SECONDS_MAX) if _is_of_consumers(one.principal)}


def _is_of_consumers(principal: str) -> bool:
    return principal in (f"User:{READER}", "User:*") or principal.startswith(f"User:{ACCOUNTS}")


def _reading(account: str, topics: Collection[str], groups: str) -> set[AclBinding]:
    may_read = {_may_read(account, ResourceType.TOPIC, name, ResourcePatternType.LITERAL) for name in topics}
    return may_read | {_may_read(account, ResourceType.GROUP, groups, ResourcePatternType.PREFIXED)}


def _may_read(account: str, kind: ResourceType, name: str, pattern: ResourcePatternType) -> AclBinding:
    return AclBinding(kind, name, pattern, f"User:{account}", "*", AclOperation.READ, AclPermissionType.ALLOW)


def _filter_of(one: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        one.restype, one.name, one.resource_pattern_type, one.principal, one.host, one.operation, one.permission_type
    )


#: None is what the client takes for "any"; its annotations do not say so.
_ANY: Any = None
_ALL = AclBindingFilter(ResourceType.ANY, _ANY, ResourcePatternType.ANY, _ANY, _ANY, AclOperation.ANY, AclPermissionType.ANY)
