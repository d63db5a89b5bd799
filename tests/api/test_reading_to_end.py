"""Whoever asks the log one question is told at once where it ends."""

from pathlib import Path

from api.log.reading_to_end import settings

LOG = Path(__file__).parent.parent.parent / "api"


def test_the_end_of_a_partition_is_told_soon() -> None:
    found = settings("127.0.0.1:1", "culm-api-usage", reset="earliest")

    assert found["enable.partition.eof"] is True
    assert found["fetch.wait.max.ms"] == 10
    assert found["enable.auto.commit"] is False


def test_every_question_to_the_log_is_asked_so() -> None:
    others = {
        path.name for path in LOG.glob("**/*.py") if "partition.eof" in path.read_text() and path.name != "reading_to_end.py"
    }

    assert others == set()
