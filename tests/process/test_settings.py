"""Settings from the environment: what is refused names variable, value and expectation; what is printed holds no password."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from process.settings import SettingRefused, Settings, mask, masked


@dataclass(frozen=True)
class Sample:
    """A configuration with an address in it."""

    postgres: str
    home: Path
    slots: int


def test_values_come_typed() -> None:
    given = Settings({"COUNT": "3", "RATE": "0.5", "ADDRESS": "http://h:1/", "PLACE": "/a/b", "ON": "1", "LIST": "a, b c"})

    assert (given.whole("COUNT"), given.number("RATE"), given.address("ADDRESS")) == (3, 0.5, "http://h:1")
    assert (given.path("PLACE"), given.is_set("ON"), given.words("LIST")) == (Path("/a/b"), True, ("a", "b", "c"))


def test_an_empty_variable_is_not_set() -> None:
    given = Settings({"COUNT": ""})

    assert (given.whole("COUNT", 7), given.is_set("COUNT"), given.words("COUNT")) == (7, False, ())


def test_a_variable_that_must_be_set_is_named() -> None:
    with pytest.raises(SettingRefused, match="CULM_QUEUE is not set, expected the name of a computing queue"):
        Settings({}).text("CULM_QUEUE", expected="the name of a computing queue")


@pytest.mark.parametrize("text", ["no", "-1", "11", "1.5", "1e1", "9" * 5000])
def test_a_whole_number_out_of_range_is_named_with_its_range(text: str) -> None:
    with pytest.raises(SettingRefused, match=r"^CULM_SLOT is '.{1,80}', expected a whole number from 0 to 10$"):
        Settings({"CULM_SLOT": text}).whole("CULM_SLOT", highest=10)


@pytest.mark.parametrize("text", ["nan", "inf", "-0.1", "soon"])
def test_a_number_that_is_no_number_of_seconds_is_refused(text: str) -> None:
    with pytest.raises(SettingRefused, match=r"WAIT is '.*', expected a number from 0.0 to 60.0"):
        Settings({"WAIT": text}).number("WAIT", highest=60.0)


@pytest.mark.parametrize("text", ["yes", "2", "true"])
def test_a_switch_is_0_or_1(text: str) -> None:
    with pytest.raises(SettingRefused, match=f"KEEP is '{text}', expected 0 or 1"):
        Settings({"KEEP": text}).is_set("KEEP")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://culm:s3cret@db:5432/culm", "postgresql://culm:***@db:5432/culm"),
        ("postgresql://db/culm?user=culm&password=s3cret", "postgresql://db/culm?user=culm&password=***"),
        ("host=db user=culm password=s3cret dbname=culm", "host=db user=culm password=*** dbname=culm"),
        ("http://[s3cret", "***"),
        ("127.0.0.1:25092", "127.0.0.1:25092"),
    ],
)
def test_no_form_of_an_address_shows_its_password(address: str, shown: str) -> None:
    assert mask(address) == shown


def test_a_configuration_is_printed_whole_without_passwords() -> None:
    config = Sample("postgresql://culm:s3cret@db/culm", Path("/home/culm"), 2)

    assert masked(config) == {"postgres": "postgresql://culm:***@db/culm", "home": "/home/culm", "slots": "2"}


def test_a_complaint_shows_no_password() -> None:
    with pytest.raises(SettingRefused) as told:
        Settings({"PORT": "http://u:s3cret@h"}).port("PORT", 1)

    assert "s3cret" not in str(told.value)
