"""A policy as one row."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from commands.policy.model import Policy
from commands.snapshot import MAIN, Row, SnapshotForm, changes_main, has_main
from schemas.policy import PolicySnapshot


def rows(policy: Policy, names: Collection[str]) -> Iterator[Row]:
    """The one row."""
    yield (
        MAIN,
        PolicySnapshot(
            settings=policy.settings,
            shares_set=policy.shares is not None,
            shares=policy.shares or (),
            rules_set=policy.rules is not None,
            rules=policy.rules or (),
            issuers_set=policy.issuers is not None,
            issuers=policy.issuers or (),
            revision=policy.revision,
            identity_revoked=policy.identity_revoked,
            revoked_tokens=policy.revoked_tokens,
            tokens_before=policy.tokens_before,
            vo=policy.vo,
            access=policy.access,
            enrolment=policy.enrolment,
            linked=policy.linked,
            resource_types=policy.resource_types,
            outside=policy.outside,
            source_entries=policy.source_entries,
            source_at=policy.source_at,
            source_held_back=policy.source_held_back,
            broker_rules=policy.broker_rules,
            broker_figures=policy.broker_figures,
            clocks=policy.clocks,
            throttle_limits=policy.throttle_limits,
            account_caps=policy.account_caps,
        ),
    )


def restored(found: Mapping[str, Any]) -> Policy:
    """The policy of its row."""
    row: PolicySnapshot = found[MAIN]
    return Policy(
        row.settings,
        row.shares if row.shares_set else None,
        row.rules if row.rules_set else None,
        row.issuers if row.issuers_set else None,
        row.revision,
        row.identity_revoked,
        row.revoked_tokens,
        row.tokens_before,
        row.vo,
        row.access,
        row.enrolment,
        row.linked,
        row.resource_types,
        row.outside,
        row.source_entries,
        row.source_at,
        row.source_held_back,
        row.broker_rules,
        row.broker_figures,
        row.clocks,
        row.throttle_limits,
        row.account_caps,
    )


SNAPSHOT = SnapshotForm(rows, restored, changes_main, has_main)
