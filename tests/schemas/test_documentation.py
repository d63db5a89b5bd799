"""docs/topics.md is what the schemas say now."""

from schemas.catalog import messages
from schemas.documentation import FILE, documentation


def test_the_documentation_of_topics_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == documentation(), "run `python -m schemas docs`"


def test_every_message_and_topic_is_documented() -> None:
    text = documentation()

    assert [entry.name for entry in messages() if f"### {entry.name}\n" not in text] == []
    assert "## culm.job.events.v1\n\nKey: job_id. 4 partitions by default. Kept for ever." in text
