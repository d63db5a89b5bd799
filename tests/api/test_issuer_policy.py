"""What becomes of tokens when the list of issuers cannot be followed."""

from pathlib import Path
from typing import Any, cast

import pytest

from api.log.issuer_policy import IssuerPolicy
from identity.errors import IssuersNotKnown
from tests.identity.builders import VOS, a_gate, a_token


def test_a_reader_that_fails_leaves_no_one_believed_and_begins_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = a_gate(tmp_path)
    policy = IssuerPolicy("127.0.0.1:1", cast(Any, None), gate.verifier, gate.keys, VOS)
    believed: list[bool] = []

    def follow(self: IssuerPolicy) -> None:
        believed.append(gate.verifier.knows_issuers)
        if len(believed) == 2:
            self.close()
        raise TimeoutError("the event loop did not answer")

    monkeypatch.setattr("api.log.issuer_policy.AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(IssuerPolicy, "_follow", follow)

    policy._read()

    assert believed == [True, False]
    with pytest.raises(IssuersNotKnown):
        gate.verifier.believe(a_token(tmp_path))
