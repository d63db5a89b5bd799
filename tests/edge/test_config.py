"""Settings and lists of the edge: what does not fit is refused by name, value and expectation."""

from pathlib import Path

import pytest

from api.config import ApiConfig
from api.edge.__main__ import main
from api.edge.config import EdgeConfig
from api.edge.rows import RowsRefused, load_rows
from process.settings import SettingRefused
from tests.edge.grid import AUTHORITY_DN, JANE_DN


def test_an_edge_needs_its_own_certificate_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "host.pem").touch()

    config = EdgeConfig.from_environ({"CULM_HOME": str(tmp_path), "CULM_X509_CERTIFICATE": str(tmp_path / "host.pem")})

    assert (config.port, config.host, config.key, config.rows) == (25443, "127.0.0.1", None, None)
    assert config.socket == tmp_path / "edge" / "api.sock"
    assert str(config.authorities) == "/etc/grid-security/certificates"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"CULM_X509_CERTIFICATE": ""}, "CULM_X509_CERTIFICATE is not set, expected a path"),
        ({"CULM_X509_CERTIFICATE": "/nowhere"}, "CULM_X509_CERTIFICATE is '/nowhere', expected a PEM file"),
        ({"CULM_X509_KEY": "/nowhere"}, "CULM_X509_KEY is '/nowhere', expected a PEM file"),
        ({"CULM_PORT_X509": "x"}, "CULM_PORT_X509 must be a port number"),
        ({"CULM_EDGE_SOCKET": "/" + "x" * 100}, "CULM_EDGE_SOCKET is .* expected a path of at most 100 bytes"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused(tmp_path: Path, changes: dict[str, str], message: str) -> None:
    (tmp_path / "host.pem").touch()
    environ = {"CULM_HOME": str(tmp_path), "CULM_X509_CERTIFICATE": str(tmp_path / "host.pem")}

    with pytest.raises(SettingRefused, match=message):
        EdgeConfig.from_environ(environ | changes)


def test_the_first_api_of_a_machine_has_the_socket() -> None:
    environ = {"CULM_EDGE_SOCKET": "/run/culm/api.sock"}

    assert ApiConfig.from_environ(environ).edge_socket == Path("/run/culm/api.sock")
    assert ApiConfig.from_environ(environ | {"CULM_INSTANCE": "2"}).edge_socket is None
    assert ApiConfig.from_environ({}).edge_socket is None


def test_rows_name_people_in_either_form(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(
        '{"persons": [{"authority": "CN=Test CA,O=Grid,DC=org", "name": "/DC=org/O=Grid/CN=Jane Doe", "groups": ["wlcg"]}],'
        ' "authorities": [{"name": "/DC=org/O=Grid/CN=Test CA", "vos": ["wlcg", "cms"]}]}'
    )

    rows = load_rows(path)

    assert rows.persons == {(AUTHORITY_DN, JANE_DN): ("wlcg",)}
    assert rows.authorities == {AUTHORITY_DN: frozenset({"wlcg", "cms"})}
    assert load_rows(None).persons == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "rows.json"),
        ("[]", "expected an object with persons and authorities"),
        ('{"person": []}', "expected an object with persons and authorities"),
        ('{"persons": {}}', "persons: expected a list of objects"),
        ('{"persons": [{}]}', "row 1 of persons: authority is 'None', expected a distinguished name"),
        ('{"persons": [{"authority": "/CN=a", "name": "Jane", "groups": ["wlcg"]}]}', "row 1 of persons: 'Jane' is no"),
        ('{"persons": [{"authority": "/CN=a", "name": "/CN=b", "groups": "wlcg"}]}', "groups is wlcg, expected a list"),
        ('{"persons": [{"authority": "/CN=a", "name": "/CN=b", "groups": ["/wlcg"]}]}', "expected a list of names"),
        ('{"authorities": [{"name": "/CN=a", "vos": ["x"]}, {"name": "CN=a", "vos": ["x"]}]}', "row 2 .* stands there twice"),
    ],
)
def test_a_list_that_cannot_be_used_names_its_row(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "rows.json"
    path.write_text(text)

    with pytest.raises(RowsRefused, match=message):
        load_rows(path)


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RowsRefused, match="CULM_X509_ROWS"):
        load_rows(tmp_path / "absent")


def test_what_does_not_fit_is_named_before_an_edge_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "host.pem").touch()
    monkeypatch.setattr("sys.argv", ["edge", "check"])
    monkeypatch.setenv("CULM_HOME", str(tmp_path))
    monkeypatch.setenv("CULM_X509_CERTIFICATE", str(tmp_path / "host.pem"))
    monkeypatch.setenv("CULM_X509_CERT_DIR", str(tmp_path / "nowhere"))

    assert main() == 2
    assert f"CULM_X509_CERT_DIR '{tmp_path}/nowhere': No such file or directory, expected a directory" in capsys.readouterr().err
