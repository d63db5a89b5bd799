"""Documents of sources outside: read whole, or refused whole with key, value and what was expected."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from schemas.types import NetworkLink, QueueStatus, StorageElement, StorageMedium
from streams.bridges.document import BYTES_MAX, BrokenDocument, SourceDocument, read_document

MANUAL = Path(__file__).parents[2] / "docs/bridges.md"
EXAMPLE = re.search(r"```json\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
HEAD = {"source": "cric", "made_at": "2026-11-30T12:00:00Z"}
NOON = 1_796_040_000_000_000


def read(**sections: Any) -> SourceDocument | BrokenDocument:
    return read_document(json.dumps({**HEAD, **sections}).encode())


def whole(**sections: Any) -> SourceDocument:
    found = read(**sections)
    assert isinstance(found, SourceDocument), found
    return found


def problems(**sections: Any) -> tuple[str, ...]:
    found = read(**sections)
    assert isinstance(found, BrokenDocument)
    return found.problems


def test_the_example_of_the_manual_is_read_without_a_rest() -> None:
    assert EXAMPLE is not None
    found = read_document(EXAMPLE[1].encode())

    assert isinstance(found, SourceDocument)
    assert found.entries == (
        "link.RAL.LANCS", "nodes.RAL_PROD", "queue.RAL_PROD", "replicas.mc23:mc23.601229.AOD.e8514", "site.LANCS", "site.RAL",
        "software.RAL_PROD", "storage.RAL_DISK", "storage.RAL_TAPE",
    )  # fmt: skip
    assert found.ignored == ()
    assert found.facts["storage.RAL_DISK"].storage == StorageElement(
        name="RAL_DISK",
        site="RAL",
        space_total_gb=9_000_000,
        space_used_gb=7_200_000,
        space_min_free_gb=100_000,
        space_usable_gb=1_700_000,
    )
    tape = found.facts["storage.RAL_TAPE"].storage
    assert tape is not None
    assert (tape.medium, tape.write_wan, tape.space_usable_gb) == (StorageMedium.TAPE, False, None)
    assert (tape.down_from, tape.down_until) == (1_796_104_800_000_000, 1_796_148_000_000_000)
    assert found.queues["queue.RAL_PROD"]["status"] is QueueStatus.ONLINE
    assert found.queues["queue.RAL_PROD"]["rss_mb_max"] == 16_000


def test_a_queue_keeps_what_the_document_does_not_name() -> None:
    found = whole(queues=[{"name": "Q", "site": "S", "maxtime": 3_600, "pilots_max": 9, "vo_name": "atlas"}])

    assert found.queues["queue.Q"] == {"name": "Q", "site": "S", "walltime_seconds_max": 3_600}
    assert found.ignored == ("pilots_max", "vo_name")


def test_a_document_says_when_its_source_was_made() -> None:
    assert (whole(sites=[{"name": "S"}]).source, whole(sites=[{"name": "S"}]).source_at) == ("cric", NOON)


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        (
            {"storages": [{"name": "D", "space_total_gb": "12 TB"}]},
            "storages[0].space_total_gb: found '12 TB', expected a whole number",
        ),
        ({"queues": [{"site": "S"}]}, "queues[0].name: found None, expected a name, which must be there"),
        ({"storages": [{"name": "D", "space_used_gb": -1}]}, "storages[0].space_used_gb: found -1, expected 0 to"),
        ({"storages": [{"name": "D", "read_lan": "yes"}]}, "storages[0].read_lan: found 'yes', expected true or false"),
        ({"storages": [{"name": "D", "medium": "drum"}]}, "storages[0].medium: found 'drum', expected one of DISK, TAPE"),
        (
            {"storages": [{"name": "D", "downtime": {"from": "tomorrow"}}]},
            "storages[0].down_from: found 'tomorrow', expected a time with its zone, as 2026-11-30T12:00:00Z",
        ),
        (
            {"storages": [{"name": "D", "downtime": ["x"]}]},
            "storages[0].downtime: found list, expected an object with from and, where it is known, until",
        ),
        ({"storages": {"D": 5}}, "storages.D: found 5, expected an object"),
        ({"storages": 5}, "storages: found 5, expected a list of objects"),
        ({"links": [{"source": "A"}]}, "links[0].destination: found None, expected a destination, which must be there"),
        (
            {"links": [{"source": "A", "destination": "B", "mb_per_second": 10**400}]},
            "links[0].mb_per_second: found",
        ),
        ({"nodes": {"Q": {"groups": [{"gpus": True}]}}}, "nodes.Q.groups[0].gpus: found True, expected a whole number"),
        ({"software": {"Q": {"tags": "all"}}}, "software.Q.tags: found 'all', expected a list"),
        ({"sites": [{"name": "\ud800"}]}, "sites[0].name: found '\\ud800', expected"),
        ({"sites": [{"name": "S"}, {"name": "S"}]}, "sites[1]: found 'site.S', expected each name once in its section"),
        ({"storage": []}, "storage: found 'a section', expected one of queues, storages"),
        ({"source": "a b", "sites": [{"name": "S"}]}, "source: found 'a b', expected the name of the source"),
        ({"made_at": "2026-11-30T12:00:00", "sites": [{"name": "S"}]}, "made_at: found '2026-11-30T12:00:00', expected when"),
        ({}, "the document: found 0, expected one entry at least"),
    ],
)
def test_what_is_wrong_is_named_by_key_value_and_what_was_expected(sections: dict[str, Any], problem: str) -> None:
    assert any(one.startswith(problem) for one in problems(**sections)), problems(**sections)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b" " * (BYTES_MAX + 1), "the document has 33,554,433 bytes, expected at most 33,554,432"),
        (b"[" * 100_000, "the document nests deeper than 20"),
        (b'{"a": {"b": NaN}}', "the document is no JSON: found the number NaN, expected finite numbers"),
        (b'{"a": 1e999}', "the document is no JSON: found the number 1e999, expected one that a double holds"),
        (b'{"a": 1, "a": 2}', "the document is no JSON: key 'a' stands twice in one object, expected each once"),
        (b"\xff\xfe", "the document is no JSON: 'utf-8' codec can't decode"),
        (b'{"a": ', "the document is no JSON: Expecting value"),
        (b"[]", "the document is list, expected an object"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "the document is no JSON: Exceeds the limit"),
    ],
)
def test_what_is_no_document_is_refused_before_it_is_looked_at(raw: bytes, problem: str) -> None:
    found = read_document(raw)

    assert isinstance(found, BrokenDocument)
    assert found.problems[0].replace('\\"', "'").startswith(problem)


def test_brackets_in_texts_nest_nothing() -> None:
    assert whole(sites=[{"name": "S", "note": "[" * 100 + '\\"['}]).ignored == ("note",)


def test_of_many_problems_twenty_are_named() -> None:
    assert len(problems(sites=[{"name": 5}] * 1_000)) == 20


def test_more_entries_than_one_record_holds_are_refused() -> None:
    many = [{"name": f"S{number}"} for number in range(10_001)]

    assert problems(sites=many) == (
        "the document: found 10001, expected at most 10,000 entries; give parts of it names of their own",
    )


def test_a_whole_number_is_taken_where_a_broken_one_may_stand() -> None:
    link = whole(links=[{"source": "A", "destination": "B", "mb_per_second": 5}]).facts["link.A.B"].link

    assert link is not None
    assert link == NetworkLink(source="A", destination="B", mb_per_second=5.0)
    assert repr(link.mb_per_second) == "5.0"
