"""The diagram of the state machines says what the tables say."""

from commands.state_diagram import PAGE, page


def test_the_page_is_what_the_tables_give() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_picture_shows_a_lost_job() -> None:
    assert "running --> failed: JobFailed, JobLost" in page()
