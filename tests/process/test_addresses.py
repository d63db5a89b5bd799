"""Where the API listens, and where clients, jobs and Culm's own processes reach it."""

import pytest

from process.addresses import ApiAddresses


def test_without_any_variable_all_four_follow_from_the_port() -> None:
    found = ApiAddresses.from_environ({"CULM_PORT_API": "26080"})

    assert (found.host, found.port) == ("127.0.0.1", 26080)
    assert (found.public, found.payload, found.health) == ("http://127.0.0.1:26080",) * 3


def test_one_address_for_all_is_still_enough() -> None:
    found = ApiAddresses.at("http://culm.example:8080/")

    assert (found.host, found.port) == ("culm.example", 8080)
    assert (found.public, found.payload, found.health) == ("http://culm.example:8080",) * 3


def test_behind_a_proxy_the_four_differ() -> None:
    found = ApiAddresses.from_environ(
        {
            "CULM_API_BIND": "0.0.0.0:9000",
            "CULM_API_PUBLIC": "https://culm.example/",
            "CULM_API_PAYLOAD": "http://10.0.0.1:9000",
        }
    )

    assert (found.host, found.port) == ("0.0.0.0", 9000)
    assert (found.public, found.payload) == ("https://culm.example", "http://10.0.0.1:9000")
    assert found.health == "http://127.0.0.1:9000"
    assert found.is_behind_proxy


def test_jobs_use_the_public_address_where_nothing_else_is_said() -> None:
    assert ApiAddresses.from_environ({"CULM_API_PUBLIC": "https://culm.example"}).payload == "https://culm.example"


def test_a_host_alone_is_bound_with_the_port_of_the_api() -> None:
    found = ApiAddresses.from_environ({"CULM_API_BIND": "[::]", "CULM_PORT_API": "26080"})

    assert (found.host, found.port, found.health) == ("::", 26080, "http://[::1]:26080")


def test_a_process_gets_the_same_four_from_its_environment() -> None:
    given = ApiAddresses.from_environ({"CULM_API_BIND": "0.0.0.0", "CULM_API_PUBLIC": "https://culm.example"})

    again = ApiAddresses.from_environ(given.environment())

    assert (again.host, again.port, again.public, again.payload, again.health) == (
        "0.0.0.0", 25080, "https://culm.example", "https://culm.example", "http://127.0.0.1:25080",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"CULM_API": "https://culm.example"}, r"CULM_API must name a host and a port, or CULM_API_BIND be set; found 'https"),
        ({"CULM_API_BIND": "1.2.3.4:x"}, r"CULM_API_BIND must be HOST or HOST:PORT, found '1.2.3.4:x'"),
        ({"CULM_API_BIND": "1.2.3.4:0"}, r"CULM_API_BIND must be HOST or HOST:PORT, found '1.2.3.4:0'"),
        ({"CULM_API_BIND": "http://h:1"}, r"CULM_API_BIND must be HOST or HOST:PORT, found 'http://h:1'"),
        ({"CULM_API_PUBLIC": "culm.example"}, r"CULM_API_PUBLIC must be a URL of a host, .*, found 'culm.example'"),
        ({"CULM_API_PAYLOAD": "ftp://h"}, r"CULM_API_PAYLOAD must be a URL of a host, .*, found 'ftp://h'"),
        ({"CULM_API_HEALTH": "http://h:99999"}, r"CULM_API_HEALTH must be a URL of a host, .*, found 'http://h:99999'"),
    ],
)
def test_an_address_that_does_not_fit_is_named(environ: dict[str, str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        ApiAddresses.from_environ(environ)
