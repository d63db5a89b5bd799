"""The verifier and the keys that the processes of one Culm use.

In: the folder of the development issuer, the VOs of this Culm, the store that APIs share. Out: a `Verifier` and its `KeyCache`,
which believe the development issuer until other rows are known.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from identity.agent_issuer import AgentKeys
from identity.edge_tokens import edge_home
from identity.errors import KeysRefused
from identity.issuer import public_keys
from identity.key_cache import Documents, KeyCache
from identity.key_fetching import fetch_keys
from identity.key_ring import RingUnusable
from identity.own_issuers import AGENTS_ISSUER, EDGE_ISSUER, ISSUER, OWN_ISSUER, own_issuers
from identity.signed_here import SignedHere
from identity.verify import Verifier
from schemas.types import TrustedIssuer


def key_cache(home: Path, shared: Documents, clock: Callable[[], float] = time.time, agents: AgentKeys | None = None) -> KeyCache:
    """Keys of issuers; those of the development issuer stand in `home` and are fetched from nowhere. agents: those for agents."""
    of_agents = agents or AgentKeys.of(home, clock=clock)

    def fetch(issuer: TrustedIssuer) -> bytes:
        if issuer.issuer in (ISSUER, OWN_ISSUER):
            return orjson.dumps(public_keys(home).as_dict(private=False))
        if issuer.issuer == EDGE_ISSUER:
            return orjson.dumps(public_keys(edge_home(home)).as_dict(private=False))
        if issuer.issuer == AGENTS_ISSUER:
            return agents_document(of_agents)
        return fetch_keys(issuer)

    return KeyCache(fetch, shared, clock, at_hand=frozenset({AGENTS_ISSUER}))


def agents_document(keys: AgentKeys) -> bytes:
    """The public keys for agents; raises KeysRefused."""
    try:
        return keys.public_document()
    except RingUnusable as problem:
        raise KeysRefused(str(problem)) from problem


def development_verifier(
    vos: Sequence[str], keys: KeyCache, clock: Callable[[], float] = time.time, signed_here: SignedHere | None = None
) -> Verifier:
    """A verifier that believes the development issuer and Culm's own, for all of `vos`; signed_here: as `Verifier` has it."""
    return Verifier(own_issuers(vos), keys, clock, signed_here)


def rows_with_own(vos: Sequence[str], rows: Sequence[TrustedIssuer]) -> tuple[TrustedIssuer, ...]:
    """Who is believed when the policy has `rows`: the development issuer only where there are none. Own names cannot be taken."""
    others = [row for row in rows if row.issuer not in (ISSUER, OWN_ISSUER, EDGE_ISSUER, AGENTS_ISSUER)]
    named = [row for row in rows if row.issuer == ISSUER]
    return (*own_issuers(vos, development=bool(named) or not others), *others)
