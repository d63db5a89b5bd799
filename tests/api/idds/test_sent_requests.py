"""Requests given back as they were sent: found in the log by digest and time, whole, to their owners, without secrets."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError

from api.http.errors import BadRequest, LogUnavailable
from api.idds import sent_requests
from api.idds.kept import digest_of, kept_parts
from api.idds.sent_requests import metadata_in, without_secrets
from api.log import kept_requests
from api.log.kept_requests import parts_of_request
from schemas.partition import partition_of
from tests.api.idds.builders import IddsFront, error_of
from tests.api.idds.test_workflow_queries import a_front, at_work
from tests.projections.event_writer import a_codec

CODEC = a_codec()
GOLDEN = Path(__file__).parents[2] / "golden" / "idds"
#: So many that the packed request has several parts.
SENT = json.dumps({"request_metadata": {"numbers": [number**3 for number in range(200_000)], "workflow": {"name": "é"}}}).encode()
NOON = 1_800_000_000_000_000


class Partition:
    """Stands for a consumer of a topic of 3 partitions: what one of them has from the time that is asked for on."""

    def __init__(self, *records: tuple[bytes, bytes]) -> None:
        at_end = SimpleNamespace(code=lambda: KafkaError._PARTITION_EOF)
        self._waiting = [self._record(None, *one) for one in records] + [self._record(at_end, b"", b"")]
        self.asked: list[tuple[int, int]] = []
        self.closed = False

    @staticmethod
    def _record(failure: Any, key: bytes, value: bytes) -> Any:
        return SimpleNamespace(error=lambda: failure, key=lambda: key, value=lambda: value)

    def list_topics(self, topic: str, timeout: float) -> Any:
        return SimpleNamespace(topics={topic: SimpleNamespace(partitions={0: 0, 1: 1, 2: 2})})

    def offsets_for_times(self, places: list[Any], timeout: float) -> list[Any]:
        self.asked = [(place.partition, place.offset) for place in places]
        return places

    def assign(self, places: list[Any]) -> None:
        """There is one."""

    def poll(self, seconds: float) -> Any:
        return self._waiting.pop(0) if self._waiting else None

    def consume(self, count: int, seconds: float) -> list[Any]:
        some, self._waiting = self._waiting[:count], self._waiting[count:]
        return some

    def close(self) -> None:
        self.closed = True


def records_of(sent: bytes) -> list[tuple[bytes, bytes]]:
    """The records of a request, as the log has them."""
    digest = digest_of(sent)
    return [(digest.encode(), CODEC.encode(part, None)) for part in kept_parts(sent, digest)]


def read(partition: Partition, sent: bytes, monkeypatch: pytest.MonkeyPatch, parts_max: int = 50) -> dict[int, bytes]:
    monkeypatch.setattr(kept_requests, "one_shot_reader", lambda kafka, client: partition)
    return parts_of_request("kafka:1", CODEC, digest_of(sent), NOON, parts_max)


def test_a_request_is_found_among_others_and_again_among_its_own_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *rest = records_of(SENT)
    others = records_of(b'{"other": 1}')
    partition = Partition(*others, first, first, (digest_of(SENT).encode(), b"no record"), *others, *rest)

    found = read(partition, SENT, monkeypatch)

    assert len(rest) >= 1
    assert metadata_in(found, digest_of(SENT)) == json.loads(SENT)["request_metadata"]
    # From ten minutes before its announcement on, in the partition of its key.
    assert partition.asked == [(partition_of(digest_of(SENT), 3), NOON // 1_000 - 600_000)]
    assert partition.closed


def test_a_request_that_the_log_has_not_or_not_whole_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for records in ([], records_of(b"{}"), records_of(SENT)[1:]):
        with pytest.raises(LogUnavailable, match="not in the log as it was sent"):
            read(Partition(*records), SENT, monkeypatch)


def test_a_request_that_is_too_large_is_refused_at_its_first_part(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadRequest, match="at most 1 are given back"):
        read(Partition(*records_of(SENT)), SENT, monkeypatch, parts_max=1)


def test_a_bomb_is_refused_at_the_limit_and_another_content_by_its_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = b"[" + b" " * 1_000_000 + b"]"
    monkeypatch.setattr(sent_requests, "BYTES_MAX", 1_000)
    parts = {part.part: part.content for part in kept_parts(bomb, digest_of(bomb))}

    with pytest.raises(BadRequest, match="more than 1,000 bytes"):
        metadata_in(parts, digest_of(bomb))
    with pytest.raises(LogUnavailable, match="not the one that was sent"):
        metadata_in({part.part: part.content for part in kept_parts(b"{}", "x" * 64)}, digest_of(bomb))


@pytest.mark.parametrize("name", ["two_works", "bps_relayed", "conditions", "loop", "function"])
def test_recorded_requests_come_back_value_by_value(name: str) -> None:
    sent = (GOLDEN / f"{name}.json").read_bytes()
    parts = {part.part: part.content for part in kept_parts(sent, digest_of(sent))}

    found = metadata_in(parts, digest_of(sent))

    whole = json.loads(sent)
    expected = whole["request_metadata"] if isinstance(whole, dict) else {"workflow": whole[0]}
    assert differences(expected, found) <= {"proxy", "_broker_password"}


def differences(one: Any, other: Any, name: str = "") -> set[str]:
    """Names under which two JSON values differ."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return {found for key in one for found in differences(one[key], other[key], key)}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return {found for pair in zip(one, other, strict=True) for found in differences(*pair, name)}
    return set() if (one, type(one)) == (other, type(other)) else {name}


def test_secrets_are_null_wherever_they_stand() -> None:
    given = {"a": [{"proxy": "KEY", "b": {"_broker_password": "P", "c": 1.0}}], "proxy": {"x": 1}}

    assert without_secrets(given) == {"a": [{"proxy": None, "b": {"_broker_password": None, "c": 1.0}}], "proxy": None}


@pytest.mark.parametrize("text", ["[1" + "0" * 40 + "]", "[1e999]", "[" * 300 + "]" * 300])
def test_what_an_answer_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="it cannot be given back"):
        without_secrets(json.loads(text))


@pytest.fixture
def front(api_home: Path, monkeypatch: pytest.MonkeyPatch) -> IddsFront:
    """Jane's front: the log has her request."""
    sent = json.dumps({"request_metadata": {"workflow": {"name": "night1"}, "proxy": "KEY"}}).encode()
    alone = at_work()
    found = a_front(api_home, alone)
    for row in cast(Any, found)._services.read_models.tables["from workflow where"]:
        row |= {"digest": digest_of(sent), "owner": "subject-jane"}
    parts = {part.part: part.content for part in kept_parts(sent, digest_of(sent))}
    monkeypatch.setattr(sent_requests, "parts_of_request", lambda kafka, codec, digest, at, most: parts)
    return found


def own(front: IddsFront, headers: dict[str, str]) -> None:
    """The request is of the caller with `headers`."""
    subject = json.loads(front.ask("GET", "/v1/whoami", headers={
        "Authorization": f"Bearer {headers['X-IDDS-Auth-Token']}", "Origin": "wlcg"}, prefix="").content)["subject"]  # fmt: skip
    for row in cast(Any, front)._services.read_models.tables["from workflow where"]:
        row["owner"] = subject


def test_the_owner_has_the_request_in_each_row_and_others_are_refused(front: IddsFront) -> None:
    jane = front.headers("jane")
    own(front, jane)

    plain = front.ask("GET", "/request/10000001/null/False/True/False/False", headers=jane).json()
    detailed = front.ask("GET", "/request/10000001/null/True/True/False/False", headers=jane).json()
    other = front.ask("GET", "/request/10000001/null/False/True/False/False", headers=front.headers("bob"))

    metadata = {"workflow": {"name": "night1"}, "proxy": None}
    assert [row["request_metadata"] for row in (*plain, *detailed)] == [metadata] * 3
    assert error_of(other) == (
        403, "AuthenticationNoPermission", "request 10000001: only its owner reads it as it was sent",
    )  # fmt: skip
    without = front.ask("GET", "/request/10000001/null/True/False", headers=jane).json()
    assert "request_metadata" not in without[0]


def test_a_list_of_requests_is_not_given_back_as_it_was_sent(front: IddsFront) -> None:
    assert error_of(front.ask("GET", "/request/null/null/False/True"))[0] == 400


def test_another_organisation_has_no_such_request(front: IddsFront) -> None:
    assert front.ask("GET", "/request/10000001/null/False/True", headers=front.headers(vo="juno")).json() == []
