"""Files that a user registers: in scopes of its own only."""

from typing import Any, cast

import pytest

from api.http.errors import AccessDenied, ApiError, BadRequest, LogUnavailable
from api.log.gateway import CommandGateway
from api.log.scopes import claim_scopes
from schemas.answer import CommandAnswered
from schemas.dataset import RegisterFiles
from schemas.scope import ClaimScope
from schemas.types import DatasetFile
from tests.api.builders import GatewayStandIn, an_answer, an_identity, run

FORM = "expected parts of letters, digits and _+@- with single dots between them"


def a_file(scope: str, lfn: str = "f") -> DatasetFile:
    """A file of `scope`."""
    return DatasetFile(lfn=lfn, scope=scope, size_bytes=1, checksum="ad:1", endpoint="LOCAL_DISK")


def claim(gateway: GatewayStandIn, *scopes: str, dataset: str = "user.jdoe.in") -> None:
    """Claim what a registration of files with `scopes` needs."""
    command = RegisterFiles(files=tuple(a_file(scope, f"f{number}") for number, scope in enumerate(scopes)))
    run(claim_scopes(cast(CommandGateway, gateway), command, dataset, an_identity(), 1.0))


def test_the_scope_of_the_dataset_and_those_of_its_files_are_claimed_once_each() -> None:
    gateway = GatewayStandIn()

    claim(gateway, "mc23", "user.jdoe", "mc23", dataset="any:user.jdoe.in/")

    assert gateway.sent == [(ClaimScope(nickname="jdoe"), "user.jdoe"), (ClaimScope(nickname="jdoe"), "mc23")]


def test_files_of_another_organisation_are_not_registered() -> None:
    def answer(_: Any, scope: str) -> CommandAnswered:
        said = f"scope {scope} belongs to another organisation; choose another name"
        return an_answer(accepted=scope != "user.ann", reason="SCOPE_NOT_OWN", message=said)

    with pytest.raises(AccessDenied) as caught:
        claim(GatewayStandIn(answer), "user.jdoe", "user.ann")

    assert caught.value.detail == "scope user.ann belongs to another organisation; choose another name"


@pytest.mark.parametrize(("scopes", "sentence"), [
    (("user..ann",), f"files of dataset user.jdoe.in: scope 'user..ann', {FORM}"),
    (("",), f"files of dataset user.jdoe.in: scope '', {FORM}"),
    (("user.ann.x",), "files of dataset user.jdoe.in: scope 'user.ann.x', expected user.NAME"),
    (tuple(f"s{number}" for number in range(20)), "files: found 21 scopes, expected at most 20 in one command"),
])  # fmt: skip
def test_scopes_that_files_cannot_have_are_refused_before_anything_is_claimed(scopes: tuple[str, ...], sentence: str) -> None:
    gateway = GatewayStandIn()

    with pytest.raises(BadRequest) as caught:
        claim(gateway, *scopes)

    assert (caught.value.detail, gateway.sent) == (sentence, [])


def test_nothing_is_claimed_for_a_command_out_of_bounds() -> None:
    gateway = GatewayStandIn()

    with pytest.raises(BadRequest, match="lfn"):
        run(claim_scopes(cast(CommandGateway, gateway), RegisterFiles(files=(a_file("s", "a/b"),)), "d", an_identity(), 1.0))

    assert gateway.sent == []


def test_without_an_answer_no_file_is_registered() -> None:
    with pytest.raises(LogUnavailable) as caught:
        claim(GatewayStandIn(lambda *_: None), "user.jdoe")

    assert isinstance(caught.value, ApiError)
    assert caught.value.detail == "no answer within 1 s; no file was registered"
