"""Addresses of a stack: defaults, variables, what is external, what may be printed."""

from pathlib import Path

import pytest

from deploy.config import Ports, StackConfig, mask, saved


def test_an_empty_environment_gives_the_documented_addresses(tmp_path: Path) -> None:
    config = StackConfig.from_environ({}, home=tmp_path)

    assert config.api == "http://127.0.0.1:25080"
    assert config.kafka == "127.0.0.1:25092"
    assert config.registry == "http://127.0.0.1:25081/apis/ccompat/v7"
    assert config.postgres == f"postgresql://culm@127.0.0.1:25432/culm?passfile={tmp_path}/postgres/passwords"
    assert config.external == frozenset()


def test_a_port_variable_moves_its_server_and_nothing_else(tmp_path: Path) -> None:
    config = StackConfig.from_environ({"CULM_PORT_KAFKA": "31000"}, home=tmp_path)

    assert config.kafka == "127.0.0.1:31000"
    assert config.ports == Ports(api=25080, kafka=31000, kafka_controller=25093, registry=25081, postgres=25432)


@pytest.mark.parametrize("text", ["none", "0", "65536", "-1", "80.5"])
def test_a_port_that_is_none_is_named_with_its_variable(text: str) -> None:
    with pytest.raises(ValueError, match=r"CULM_PORT_API must be a port number between 1 and 65535, found"):
        Ports.from_environ({"CULM_PORT_API": text})


def test_a_server_named_by_the_environment_is_used_and_not_ours(tmp_path: Path) -> None:
    config = StackConfig.from_environ({"CULM_POSTGRES": "postgresql://u@db.example/wms"}, home=tmp_path)

    assert config.external == {"postgres"}
    assert config.postgres == "postgresql://u@db.example/wms"


def test_what_is_printed_holds_no_password(tmp_path: Path) -> None:
    config = StackConfig.from_environ({"CULM_POSTGRES": "postgresql://culm:s3cret@127.0.0.1:5432/culm"}, home=tmp_path)

    printed = str(config.masked())

    assert "s3cret" not in printed
    assert "postgresql://culm:***@127.0.0.1:5432/culm" in printed


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("127.0.0.1:25092", "127.0.0.1:25092"),
        ("http://127.0.0.1:25081/apis", "http://127.0.0.1:25081/apis"),
        ("https://reader:word@registry.example/apis", "https://reader:***@registry.example/apis"),
    ],
)
def test_a_mask_hides_passwords_only(address: str, shown: str) -> None:
    assert mask(address) == shown


def test_a_later_shell_finds_the_addresses_in_use(tmp_path: Path) -> None:
    environ = {"CULM_PORT_API": "31080", "CULM_POSTGRES": "postgresql://culm:s3cret@127.0.0.1:5432/culm"}
    config = StackConfig.from_environ(environ, home=tmp_path)
    config.run.mkdir()

    config.save()

    assert saved(tmp_path) == config
    assert (tmp_path / "run" / "stack.json").stat().st_mode & 0o077 == 0


def test_nothing_is_remembered_where_nothing_ran(tmp_path: Path) -> None:
    assert saved(tmp_path) is None


def test_one_address_of_the_api_stands_for_all_until_one_is_named_apart(tmp_path: Path) -> None:
    usual = StackConfig.from_environ({"CULM_HOME": str(tmp_path), "CULM_PORT_API": "26080"})
    apart = StackConfig.from_environ({"CULM_HOME": str(tmp_path), "CULM_API_PAYLOAD": "http://10.0.0.1:25080"})

    assert usual.api_environment == {"CULM_API": "http://127.0.0.1:26080"}
    assert (apart.api, apart.addresses.health) == ("http://127.0.0.1:25080", "http://127.0.0.1:25080")
    assert apart.api_environment["CULM_API_PAYLOAD"] == "http://10.0.0.1:25080"


def test_the_addresses_of_a_running_stack_are_remembered(tmp_path: Path) -> None:
    config = StackConfig.from_environ({"CULM_HOME": str(tmp_path), "CULM_API_PUBLIC": "https://culm.example"})
    config.run.mkdir(parents=True)

    config.save()

    assert saved(tmp_path) == config


def test_an_address_of_the_api_that_does_not_fit_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="CULM_API_PUBLIC must be a URL of a host"):
        StackConfig.from_environ({"CULM_HOME": str(tmp_path), "CULM_API_PUBLIC": "culm.example"})
