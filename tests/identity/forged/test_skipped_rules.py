"""Each rule of the verifiers of tokens and of proxies is skipped in turn, and a case of the tables finds it."""

import time
from collections.abc import Callable, Iterator
from itertools import chain
from types import ModuleType
from typing import Any

import pytest

import identity.claims
import identity.compact
import identity.verify
import identity.x509.chains
import identity.x509.fqans
import identity.x509.names
from identity.errors import IdentityRefused
from schemas.policy import IdentityRevoked
from tests.edge.test_chains import BROKEN, UNVERIFIED, chain_of
from tests.identity.builders import a_cache, an_issuer, key_set
from tests.identity.forged.skipped_rules import SkippedRule, rules_of
from tests.identity.forged.tokens import CASES, EC, NOW, RSA, claims, signed
from tests.identity.test_x509_rights import ODD_GROUPS

OF_TOKENS = (identity.claims, identity.compact, identity.verify)
OF_CERTIFICATES = (identity.x509.chains, identity.x509.names, identity.x509.fqans)
CHAINS = {**{kind: (chain_of(credential), rule) for kind, (credential, rule) in BROKEN.items()}, **UNVERIFIED}
GROUPS = (*(("/wlcg", group) for group in ODD_GROUPS), ("/wlcg",) * 1_001)
#: Rules without which another one gives the same answer, and which one.
TWICE = {"'the connection has no verified certificate'": "the chain has no certificate of a person below one of an authority"}


def outcome(judge: Callable[[], Any]) -> str:
    """The rule by which it is refused; `believed`, or that the code failed."""
    try:
        judge()
    except IdentityRefused as problem:
        return str(getattr(problem, "rule", type(problem).__name__))
    except Exception as problem:  # noqa: BLE001 - a verifier that fails is found, too
        return repr(problem)
    return "believed"


def wrong_tokens(verify: ModuleType) -> Iterator[str]:
    """Cases that the module `verify` judges in another way than is written at them."""
    cache = a_cache(lambda: key_set(RSA, EC), lambda: float(NOW))
    cache.refresh(an_issuer())
    for case in CASES:
        verifier = verify.Verifier([an_issuer(**case.row)], cache, lambda: float(NOW))
        if outcome(lambda case=case, verifier=verifier: verifier.believe(case.make())) != case.rule:  # type: ignore[misc]
            yield case.name


def wrong_otherwise(verify: ModuleType) -> Iterator[str]:
    """As `wrong_tokens`, of logins of browsers and of who was revoked."""
    row, other = an_issuer(), an_issuer(issuer="https://other.example.org")
    cache = a_cache(lambda: key_set(RSA, EC), lambda: float(NOW))
    for issuer in (row, other):
        cache.refresh(issuer)
    verifier = verify.Verifier([row, other], cache, lambda: float(NOW))
    login = claims(aud="monitor", nonce="1", scope=None)
    if outcome(lambda: verifier.believe_login(signed(login), row, "monitor")) != "believed":
        yield "a login"
    if outcome(lambda: verifier.believe_login(signed(login), other, "monitor")) != "iss":
        yield "a login at another issuer"
    if outcome(lambda: verifier.believe_login(signed(claims(aud="monitor")), row, "monitor")) != "kind":
        yield "an access token in the place of an ID token"
    verifier.revocations.take(IdentityRevoked(actor=verifier.believe(signed(claims())).actor), NOW)
    if outcome(lambda: verifier.believe(signed(claims()))) != "revoked":
        yield "one who was revoked"


def wrong_certificates(chains: ModuleType, fqans: ModuleType) -> Iterator[str]:
    """Cases that the modules judge in another way than is written at them."""
    now = time.time()
    for kind, (certificates, rule) in CHAINS.items():
        if outcome(lambda certificates=certificates: chains.person_of(certificates, now)) != rule:  # type: ignore[misc]
            yield kind
    for groups in GROUPS:
        if outcome(lambda groups=groups: fqans.groups_of_fqans("wlcg", groups)) != "voms":  # type: ignore[misc]
            yield groups[-1]


def test_the_verifiers_as_they_are_judge_every_case_as_it_is_written() -> None:
    verify = identity.verify
    assert [*wrong_tokens(verify), *wrong_otherwise(verify), *wrong_certificates(identity.x509.chains, identity.x509.fqans)] == []


@pytest.mark.parametrize("rule", [rule for module in OF_CERTIFICATES for rule in rules_of(module)], ids=lambda rule: rule.name)
def test_a_verifier_of_certificates_that_skips_a_rule_is_found(rule: SkippedRule, monkeypatch: pytest.MonkeyPatch) -> None:
    made = rule.module_without()
    chains, fqans = identity.x509.chains, identity.x509.fqans
    if rule.module is identity.x509.names:
        monkeypatch.setattr(chains, "dn_of", made.dn_of)

    found = wrong_certificates(made if rule.module is chains else chains, made if rule.module is fqans else fqans)

    assert (next(found, None) is None) is (rule.sentence in TWICE)


@pytest.mark.parametrize("rule", [rule for module in OF_TOKENS for rule in rules_of(module)], ids=lambda rule: rule.name)
def test_a_verifier_of_tokens_that_skips_a_rule_is_found(rule: SkippedRule, monkeypatch: pytest.MonkeyPatch) -> None:
    made = rule.module_without()
    for name in ("check_claims", "take_apart"):
        if rule.module is not identity.verify and hasattr(made, name):
            monkeypatch.setattr(identity.verify, name, getattr(made, name))

    verify = made if rule.module is identity.verify else identity.verify
    found = chain(wrong_tokens(verify), wrong_otherwise(verify))

    assert next(found, None) is not None
