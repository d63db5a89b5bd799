"""What the API does with secrets: what is in the log before what, and what a pilot is given."""

from pathlib import Path
from typing import Any, cast

import pytest

from api.http.errors import BadRequest, LogUnavailable, Refused
from api.log.gateway import CommandGateway
from api.secrets.service import NoKeys, SecretService, SecretsNotGiven
from api.secrets.store import SecretStore
from api.shared.directory import DirectorySpace
from identity.secret_keys import SecretKeys, add_key
from schemas.job import ReadSecrets
from schemas.types import LeasedJob
from schemas.user_secrets import DeleteSecrets, SetSecret, ShowSecrets
from tests.api.builders import GatewayStandIn, a_job, an_answer, an_identity, run

JANE, PILOT = an_identity(), an_identity(subject="pilot-1")
LEASED = LeasedJob(spec=a_job(uses_secrets=True), lease_id="lease-1", lease_seconds=600)


def a_service(folder: Path, gateway: GatewayStandIn, *, keys: bool = True) -> SecretService:
    path = folder / "keys"
    if keys and not path.exists():
        add_key(path)
    return SecretService(SecretStore(DirectorySpace(folder / "store"), SecretKeys(path)), cast(CommandGateway, gateway))


def test_a_secret_is_kept_and_the_log_has_neither_its_name_nor_its_value(tmp_path: Path) -> None:
    gateway = GatewayStandIn()
    service = a_service(tmp_path, gateway)

    run(service.keep(JANE, "database", "planted-value"))
    shown = run(service.show(JANE))

    assert shown == {"database": "planted-value"}
    assert [type(command) for command, _ in gateway.sent] == [SetSecret, ShowSecrets]
    assert {key for _, key in gateway.sent} == {"wlcg/subject-jane"}
    assert "planted" not in repr(gateway.sent)
    assert "database" not in repr(gateway.sent)


@pytest.mark.parametrize("answer", [None, an_answer(accepted=False, reason="TOO_MANY", message="100 secrets are kept")])
def test_what_the_log_did_not_take_is_not_kept(tmp_path: Path, answer: Any) -> None:
    service = a_service(tmp_path, GatewayStandIn(lambda *_: answer))

    with pytest.raises((LogUnavailable, Refused)):
        run(service.keep(JANE, "a", "v"))

    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]


def test_deleting_is_in_the_log_and_means_nothing_for_what_is_not_there(tmp_path: Path) -> None:
    gateway = GatewayStandIn()
    service = a_service(tmp_path, gateway)
    run(service.keep(JANE, "a", "1"))
    run(service.keep(JANE, "b", "2"))

    run(service.delete(JANE, ("a", "never")))
    left = run(service.show(JANE))
    run(service.delete(JANE, None))

    assert left == {"b": "2"}
    assert run(service.show(JANE)) == {}
    assert [type(command) for command, _ in gateway.sent].count(DeleteSecrets) == 2


def test_each_sees_their_own(tmp_path: Path) -> None:
    service = a_service(tmp_path, GatewayStandIn())
    run(service.keep(JANE, "a", "1"))

    assert run(service.show(an_identity(subject="bob"))) == {}
    assert run(service.show(an_identity(vo="lsst"))) == {}
    assert run(service.has_any(JANE))
    assert not run(service.has_any(PILOT))


def test_a_pilot_is_given_the_secrets_of_the_owner_after_the_job_agreed(tmp_path: Path) -> None:
    gateway = GatewayStandIn()
    service = a_service(tmp_path, gateway)
    secret_id = run(service.keep(JANE, "a", "1"))

    given = run(service.for_job(LEASED, PILOT))

    assert given == {"a": "1"}
    assert gateway.sent[-1] == (ReadSecrets(lease_id="lease-1", secret_ids=(secret_id,)), "100000000000001")


def test_a_pilot_that_the_job_refuses_is_given_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.secrets.service.LEASE_SECONDS", 0.0)
    refuses = an_answer(accepted=False, reason="NOT_LEASED", message="job is failed")
    gateway = GatewayStandIn(lambda command, _: refuses if isinstance(command, ReadSecrets) else an_answer())
    service = a_service(tmp_path, gateway)
    run(service.keep(JANE, "a", "1"))

    with pytest.raises(SecretsNotGiven, match="the job does not take its secrets: job is failed"):
        run(service.for_job(LEASED, PILOT))


def test_a_secret_that_cannot_be_read_is_not_left_out(tmp_path: Path) -> None:
    service = a_service(tmp_path, GatewayStandIn())
    run(service.keep(JANE, "a", "1"))
    (path,) = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    path.write_bytes(b"{}")

    with pytest.raises(SecretsNotGiven, match="the secrets of Jane Doe cannot be read"):
        run(service.for_job(LEASED, PILOT))


def test_a_server_without_keys_says_so(tmp_path: Path) -> None:
    service = a_service(tmp_path, GatewayStandIn(), keys=False)

    with pytest.raises(NoKeys, match="CULM_SECRETS_KEYS"):
        run(service.keep(JANE, "a", "1"))
    with pytest.raises(NoKeys):
        run(service.show(JANE))
    assert not run(service.has_any(JANE))


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 201, "\0", "___file___:"])
def test_a_name_that_does_not_fit_is_refused_without_repeating_it(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadRequest, match="expected 1 to 200 characters of one line") as refused:
        run(a_service(tmp_path, GatewayStandIn()).keep(JANE, name, "v"))
    assert "xxx" not in str(refused.value)


@pytest.mark.parametrize("value", ["x" * (1024 * 1024 + 1), "\ud800"])
def test_a_value_that_does_not_fit_is_refused_without_repeating_it(tmp_path: Path, value: str) -> None:
    with pytest.raises(BadRequest, match="the value of the secret") as refused:
        run(a_service(tmp_path, GatewayStandIn()).keep(JANE, "a", value))
    assert "xxx" not in str(refused.value)
