"""One key, one request, one answer."""

from pathlib import Path
from typing import Any, cast

import pytest

from api.http.errors import BadRequest, Conflict, Unavailable
from api.log.idempotency import CommandFingerprints, command_id_of, fingerprint
from api.queries.read_models import ReadModels
from api.shared.directory import DirectorySpace
from api.shared.store import Space
from tests.api.builders import ReadModelsStandIn, an_identity, run

KEY = "7b0c5ac4-8f4e-4f2c-9df6-9d8f5e0d1a11"
ANSWER = {"command_type": "KillTask", "actor": "subject-jane", "accepted": True, "command_id": KEY}


def print_of(body: object, **changes: Any) -> str:
    return fingerprint(KEY, an_identity(**changes), "KillTask", "1", body)


class KeysInMemory:
    """What a space does for keys, in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def get(self, name: str) -> bytes | None:
        return self.kept.get(name)

    def claim(self, name: str, content: bytes) -> bytes:
        return self.kept.setdefault(name, content)

    def forget(self, older_than_seconds: float) -> int:
        return 0


class KeysAway(KeysInMemory):
    """A store whose disk is full."""

    def claim(self, name: str, content: bytes) -> bytes:
        raise OSError(28, "No space left on device")


def fingerprints(keys: Any = None, **tables: Any) -> CommandFingerprints:
    models = ReadModelsStandIn({f"from {name} ": rows for name, rows in tables.items()})
    return CommandFingerprints(cast(ReadModels, models), cast(Space, keys or KeysInMemory()))


def test_the_order_of_fields_makes_no_other_request() -> None:
    assert print_of({"a": 1, "b": 2}) == print_of({"b": 2, "a": 1})


def test_another_body_or_another_person_is_another_request() -> None:
    assert len({print_of({"a": 1}), print_of({"a": 2}), print_of({"a": 1}, subject="bob"), print_of({"a": 1}, vo="cms")}) == 4


def test_a_new_key_has_no_answer() -> None:
    assert run(fingerprints().check(KEY, "KillTask", print_of({}), an_identity())) is None


def test_the_same_request_gets_the_first_answer() -> None:
    kept = fingerprints(answer=[ANSWER], timeline=[{"correlation_id": print_of({})}])

    assert run(kept.check(KEY, "KillTask", print_of({}), an_identity())) == ANSWER


def test_another_request_under_the_same_key_is_a_conflict() -> None:
    kept = fingerprints()
    run(kept.check(KEY, "KillTask", print_of({}), an_identity()))

    with pytest.raises(Conflict):
        run(kept.check(KEY, "KillTask", print_of({"reason": "x"}), an_identity()))


def test_another_request_under_the_same_key_is_a_conflict_at_another_api(tmp_path: Path) -> None:
    here, there = fingerprints(DirectorySpace(tmp_path)), fingerprints(DirectorySpace(tmp_path))
    run(here.check(KEY, "KillTask", print_of({}), an_identity()))

    assert run(there.check(KEY, "KillTask", print_of({}), an_identity())) is None
    assert run(there.knows(KEY))
    with pytest.raises(Conflict):
        run(there.check(KEY, "KillTask", print_of({"reason": "x"}), an_identity()))


def test_a_key_of_another_user_stays_theirs() -> None:
    keys = KeysInMemory()
    kept = fingerprints(keys, answer=[ANSWER | {"actor": "subject-bob"}])

    with pytest.raises(Conflict):
        run(kept.check(KEY, "KillTask", print_of({}), an_identity()))

    assert keys.kept == {}


def test_a_key_that_cannot_be_written_down_is_refused_for_now() -> None:
    with pytest.raises(Unavailable, match="cannot be written down: No space left on device"):
        run(fingerprints(KeysAway()).check(KEY, "KillTask", print_of({}), an_identity()))


def test_a_conflict_is_found_in_the_log_after_a_restart() -> None:
    kept = fingerprints(answer=[ANSWER], timeline=[{"correlation_id": print_of({"reason": "first"})}])

    with pytest.raises(Conflict):
        run(kept.check(KEY, "KillTask", print_of({"reason": "second"}), an_identity()))


def test_the_key_of_another_user_is_a_conflict() -> None:
    kept = fingerprints(answer=[ANSWER | {"actor": "subject-bob"}])

    with pytest.raises(Conflict):
        run(kept.check(KEY, "KillTask", print_of({}), an_identity()))


def test_a_key_must_be_a_uuid() -> None:
    assert command_id_of(KEY.upper()) == KEY
    with pytest.raises(BadRequest, match="expected a UUID"):
        command_id_of("again")
