"""Every forged token at an API in this process: refused on each front, on record by its rule, and the answer is the same.

Guards: the answer is the same for all of them, but for a token that has expired under a good signature.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from api.app import create_app
from api.http.access import Gate
from identity.errors import NOT_BELIEVED
from identity.refusals import Refusals, caller_of_token
from identity.sentences import SENTENCES
from identity.verify import Verifier
from schemas.instants import MICROSECONDS
from schemas.refusal import RequestsRefused
from schemas.types import TrustedIssuer
from tests.api.conftest import with_key
from tests.api.test_routes import Client, services_at
from tests.identity.builders import VOS, a_cache, an_issuer, key_set
from tests.identity.forged.tokens import CASES, EC, NOW, RSA, Case, claims, signed

LATER = 4_000_000_000 * MICROSECONDS
#: A route of each front, and what its answers say before the reason.
PANDA = "ERROR : Token authentication failed. "
FRONTS = {"/v1/agents/workers": "", "/server/panda/getJob": PANDA, "/api/v1/pilot/update_job": PANDA}
EXPIRED = "the token has expired"


class Asked:
    """An API that trusts one provider, and what it put on record."""

    def __init__(self, home: Path) -> None:
        keys = a_cache(lambda: key_set(RSA, EC), lambda: float(NOW))
        self._verifier = Verifier([], keys, lambda: float(NOW))
        keys.refresh(an_issuer())
        self.refusals = Refusals()
        services = services_at(home)
        gate = Gate(self._verifier, keys, VOS, refusals=self.refusals)
        self._client = Client(create_app(replace(services, gate=gate)))

    def post(self, path: str, token: str, row: TrustedIssuer) -> tuple[int, str]:
        """Status and text of the answer while `row` is trusted."""
        self._verifier.trust([row])
        answer = self._client.post(path, headers={"Authorization": f"Bearer {token}", "Origin": "wlcg"}, json={})
        text = answer.json()["detail"] if path.startswith("/v1/") else answer.text
        return answer.status_code, text

    def recorded(self) -> list[RequestsRefused]:
        """What was put on record since it was asked last."""
        return self.refusals.take_all(LATER)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, shared_key: bytes) -> Asked:
    """One for all cases: to make one takes longer than to ask it."""
    home = tmp_path_factory.mktemp("forged")
    with_key(home, shared_key)
    return Asked(home)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.group}-{case.name}")
def test_a_forged_token_is_refused_on_each_front_and_its_sender_learns_no_rule(asked: Asked, case: Case) -> None:
    token = case.make()
    told = EXPIRED if case.name in ("expired by a second", "expires now") else NOT_BELIEVED

    for path, before in FRONTS.items():
        assert asked.post(path, token, an_issuer(**case.row)) == (403, before + told)
        (record,) = asked.recorded()
        assert (record.caller, record.rule, record.vo, record.groups) == (caller_of_token(token), case.rule, "", ())
        assert record.rule in SENTENCES
        assert "jane" not in repr(record).lower()


def test_a_token_that_is_believed_is_let_in_and_leaves_no_record(asked: Asked) -> None:
    status, told = asked.post("/v1/commands/KillTask", signed(claims()), an_issuer())

    assert (status, "aggregate_id" in told) == (400, True)
    assert asked.recorded() == []
