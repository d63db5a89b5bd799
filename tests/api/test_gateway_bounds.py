"""The one door of the API lets nothing out of bounds through, and says by field what is wrong."""

from typing import Any, cast

import pytest

from api.http.errors import BadRequest
from api.log.answers import AnswerWatch
from api.log.gateway import CommandGateway
from api.log.positions import Positions
from api.native.command_body import command_from, entry_of_command
from eventlog.sender import CommandSender
from schemas.heartbeat import PilotHeartbeat
from schemas.worker import WantWorkers
from tests.api.builders import an_identity, run


class NothingIsSent:
    """A sender, and a watch for answers, that must not be asked."""

    unsent = 0

    def check_room(self) -> None:
        pass


def a_gateway() -> CommandGateway:
    nothing: Any = NothingIsSent()
    return CommandGateway(cast(CommandSender, nothing), cast(AnswerWatch, nothing), cast(Positions, nothing))


def test_a_command_out_of_bounds_is_a_bad_request_that_names_field_value_and_what_was_expected() -> None:
    with pytest.raises(BadRequest) as raised:
        run(a_gateway().submit(WantWorkers(wanted=-1), "LOCAL", an_identity()))

    assert raised.value.detail == "WantWorkers: wanted: found -1, expected 0 to 2,147,483,647"
    assert raised.value.members["errors"] == [{"field": "wanted", "value": "-1", "expected": "0 to 2,147,483,647"}]


def test_an_envelope_out_of_bounds_is_a_bad_request_too() -> None:
    with pytest.raises(BadRequest) as raised:
        run(a_gateway().submit(WantWorkers(wanted=1), "A\x00", an_identity()))

    assert raised.value.detail.startswith("CommandEnvelope: aggregate_id: found 'A\\x00', expected letters, digits and ")


def test_a_heartbeat_out_of_bounds_is_not_sent() -> None:
    beat = PilotHeartbeat(job_id=1, attempt=1, queue="Q", state="running", seen_at=-1, actor="p", vo="wlcg")

    with pytest.raises(BadRequest, match="seen_at: found -1, expected a time from 1990-01-01 to 2100-01-01"):
        a_gateway().heartbeat(beat)


def test_a_command_from_json_reports_its_bounds_with_its_other_problems() -> None:
    with pytest.raises(BadRequest) as raised:
        command_from(entry_of_command("WantWorkers"), {"wanted": -1, "reason": "\x00"})

    errors = cast(list[dict[str, str]], raised.value.members["errors"])
    assert [error["field"] for error in errors] == ["wanted", "reason"]
