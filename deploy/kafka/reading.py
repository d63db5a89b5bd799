"""What the account of consumers may do at the local Kafka: read events and signs of life, in groups of their own.

In: the address of the brokers, as Culm's account. Out: exactly these rights; what an earlier release gave besides is taken away.
Commands, answers, states of deciders, dead letters, refusals and the registry's own topics are not for consumers.
"""

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
from schemas.topics import topics_of_role

#: Roles of topics (schemas/topics.toml) that consumers may read.
ROLES = ("events", "heartbeats")
#: Groups of consumers begin so; none of Culm's does.
GROUPS = "consumer-"
SECONDS_MAX = 20.0
_PRINCIPAL = f"User:{READER}"


def rights() -> set[AclBinding]:
    """Each topic by its name, and the groups by how their names begin."""
    topics = {_may_read(ResourceType.TOPIC, name, ResourcePatternType.LITERAL) for role in ROLES for name in topics_of_role(role)}
    return topics | {_may_read(ResourceType.GROUP, GROUPS, ResourcePatternType.PREFIXED)}


def allow_reading(kafka: str) -> None:
    """Give the account these rights and no others; raises KafkaException when the brokers do not."""
    admin = open_admin(kafka, "culm-rights")
    found = _given(admin)
    wanted = rights()
    for one in found - wanted:
        admin.delete_acls([_filter_of(one)])[_filter_of(one)].result(SECONDS_MAX)
    missing = sorted(wanted - found)
    for outcome in (admin.create_acls(missing) if missing else {}).values():
        outcome.result(SECONDS_MAX)


def given(kafka: str) -> set[AclBinding]:
    """The rights that it has now, also those that all accounts have."""
    return _given(open_admin(kafka, "culm-rights"))


def _given(admin: AdminClient) -> set[AclBinding]:
    return {one for one in admin.describe_acls(_ALL).result(SECONDS_MAX) if one.principal in (_PRINCIPAL, "User:*")}


def _may_read(kind: ResourceType, name: str, pattern: ResourcePatternType) -> AclBinding:
    return AclBinding(kind, name, pattern, _PRINCIPAL, "*", AclOperation.READ, AclPermissionType.ALLOW)


def _filter_of(one: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        one.restype, one.name, one.resource_pattern_type, one.principal, one.host, one.operation, one.permission_type
    )


#: None is what the client takes for "any"; its annotations do not say so.
_ANY: Any = None
_ALL = AclBindingFilter(ResourceType.ANY, _ANY, ResourcePatternType.ANY, _ANY, _ANY, AclOperation.ANY, AclPermissionType.ANY)
