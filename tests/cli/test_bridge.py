"""`culm bridge`: what is sent for a document, and what of it is not sent again."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.api_client import ApiClient
from cli.bridge import applied, document_in
from deploy.errors import StepFailed
from schemas.outside import digest_of
from streams.bridges.document import SourceDocument

DOCUMENT = {
    "source": "cric",
    "made_at": "2026-11-30T12:00:00Z",
    "storages": [{"name": "D", "space_usable_gb": 500}, {"name": "E"}],
    "queues": [{"name": "Q", "site": "S", "maxrss": 2_000}],
}


class RecordingClient(ApiClient):
    """Stands for the API: keeps what was sent, and answers as if `facts` and `settings` stood."""

    sent: list[tuple[str, str, Mapping[str, Any]]]
    facts: dict[str, str]
    settings: dict[str, dict[str, Any]]

    @classmethod
    def with_facts(cls, facts: dict[str, str], settings: dict[str, dict[str, Any]]) -> "RecordingClient":
        made = cls("http://nowhere", {})
        for name, value in (("sent", []), ("facts", facts), ("settings", settings)):
            object.__setattr__(made, name, value)
        return made

    def get(self, path: str, **parameters: Any) -> Any:
        if path == "/v1/queues":
            return {"queues": [{"name": name, "settings": one} for name, one in self.settings.items()]}
        assert path == "/v1/sources/cric"
        return {"facts": self.facts}

    def command(self, name: str, key: str, body: Mapping[str, Any]) -> None:
        self.sent.append((name, key, body))


def document(tmp_path: Path, content: object = DOCUMENT) -> SourceDocument:
    file = tmp_path / "cric.json"
    file.write_text(json.dumps(content))
    return document_in(file)


def test_a_new_source_is_taken_over_before_its_facts(tmp_path: Path) -> None:
    client = RecordingClient.with_facts({}, {})

    found = applied(document(tmp_path), client, confirmed=False)

    assert found == (3, 0)
    assert [(name, key) for name, key, _ in client.sent] == [
        ("TakeSource", "source.cric"),
        ("SetOutsideFact", "storage.D"),
        ("SetOutsideFact", "storage.E"),
        ("ConfigureQueue", "queue.Q"),
    ]
    assert client.sent[0][2] == {
        "source": "cric",
        "source_at": "2026-11-30T12:00:00.000Z",
        "entries": ["queue.Q", "storage.D", "storage.E"],
        "confirmed": False,
    }
    assert client.sent[1][2]["fact"]["storage"]["space_usable_gb"] == 500


def test_only_what_differs_is_sent_and_what_is_gone_is_taken_away(tmp_path: Path) -> None:
    made = document(tmp_path)
    standing = {"storage.E": digest_of(made.facts["storage.E"].to_avro()), "storage.D": "0" * 64, "site.OLD": "1" * 64}
    client = RecordingClient.with_facts(standing, {"Q": {"name": "Q", "site": "S", "rss_mb_max": 2_000, "pilots_max": 7}})

    found = applied(made, client, confirmed=True)

    assert found == (1, 1)
    assert [(name, key, body.get("fact") is None) for name, key, body in client.sent[1:]] == [
        ("SetOutsideFact", "storage.D", False),
        ("SetOutsideFact", "site.OLD", True),
    ]


def test_a_queue_keeps_what_operators_set_and_the_source_does_not_name(tmp_path: Path) -> None:
    before = {"name": "Q", "site": "S", "rss_mb_max": 1_000, "pilots_max": 7}
    client = RecordingClient.with_facts({}, {"Q": before})

    applied(document(tmp_path), client, confirmed=False)

    assert client.sent[-1] == ("ConfigureQueue", "queue.Q", {"settings": {**before, "rss_mb_max": 2_000}})


def test_a_broken_document_sends_nothing_and_names_every_problem(tmp_path: Path) -> None:
    broken = {**DOCUMENT, "storages": [{"name": "D", "space_total_gb": "12 TB"}], "queues": [{"site": "S"}]}

    with pytest.raises(StepFailed) as refused:
        document(tmp_path, broken)

    assert "storages[0].space_total_gb: found '12 TB', expected a whole number" in str(refused.value)
    assert "queues[0].name: found None, expected a name, which must be there" in str(refused.value)
