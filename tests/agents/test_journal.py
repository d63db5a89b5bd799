"""Reports on disk: in order, across restarts, with what a crash left half written."""

from pathlib import Path

import pytest

from agents.harvester.journal import COMPACT_BYTES, JournalTaken, ReportJournal


def reports_in(journal: ReportJournal) -> list[int]:
    """The numbers of all reports that wait, which are taken."""
    found = []
    while reports := journal.first():
        found.append(reports[0]["n"])
        journal.said()
    journal.close()
    return found


def again(journal: ReportJournal, path: Path) -> ReportJournal:
    """What the next process finds."""
    journal.close()
    return ReportJournal(path)


def test_reports_wait_in_their_order_across_restarts(tmp_path: Path) -> None:
    journal = ReportJournal(tmp_path / "reports")
    journal.add({"n": 1}, {"n": 2})
    journal.said()
    journal.add({"n": 3})

    assert reports_in(again(journal, tmp_path / "reports")) == [2, 3]


@pytest.mark.parametrize("torn", [b"0", b"00000000 {", b'1234abcd {"n":4}\n', b"\xff\n", b'{"n":4}\n'])
def test_a_torn_end_costs_nothing_that_was_whole(tmp_path: Path, torn: bytes) -> None:
    journal = ReportJournal(tmp_path / "reports")
    journal.add({"n": 1})
    journal.add({"n": 2})
    journal.close()
    with (tmp_path / "reports").open("ab") as file:
        file.write(torn)

    journal = ReportJournal(tmp_path / "reports")
    journal.add({"n": 3})

    assert reports_in(again(journal, tmp_path / "reports")) == [1, 2, 3]


def test_the_file_may_be_deleted_and_does_not_grow_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "reports"
    journal = ReportJournal(path)
    for number in range(3):
        journal.add({"n": number, "text": "x" * (COMPACT_BYTES // 2)})
        journal.said()
    size = path.stat().st_size
    journal.close()
    path.unlink()

    assert size < COMPACT_BYTES
    assert reports_in(ReportJournal(path)) == []


def test_one_process_has_the_file(tmp_path: Path) -> None:
    journal = ReportJournal(tmp_path / "reports")

    with pytest.raises(JournalTaken, match="in use by another harvester"):
        ReportJournal(tmp_path / "reports")
    assert reports_in(journal) == []


def test_the_file_of_a_journal_that_is_never_empty_does_not_grow_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "reports"
    journal = ReportJournal(path)
    journal.add({"n": 0})
    for number in range(1, 20):
        journal.add({"n": number, "text": "x" * (COMPACT_BYTES // 4)})
        journal.said()

    assert path.stat().st_size < 2 * COMPACT_BYTES
    assert reports_in(again(journal, path)) == [19]


def test_a_report_waits_for_the_disk_once_and_its_taking_never(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, waits = ReportJournal(tmp_path / "reports"), list[int]()
    monkeypatch.setattr("agents.harvester.journal.os.fsync", waits.append)

    journal.add({"n": 1}, {"n": 2}, {"n": 3})
    journal.said()
    journal.said()

    assert len(waits) == 1
    assert reports_in(again(journal, tmp_path / "reports")) == [3]


def test_the_oldest_reports_go_together_up_to_a_number_and_a_size_and_are_taken_together(tmp_path: Path) -> None:
    journal = ReportJournal(tmp_path / "reports")
    journal.add(*({"n": number, "text": "x" * 1_000} for number in range(6)))

    numbers = [[one["n"] for one in journal.first(*limits)] for limits in ((1, 0), (4, 10_000), (6, 3_500), (6, 10))]
    journal.said(4)

    assert numbers == [[0], [0, 1, 2, 3], [0, 1, 2], [0]]
    assert reports_in(again(journal, tmp_path / "reports")) == [4, 5]
