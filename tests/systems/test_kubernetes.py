"""What only Kubernetes does: 409, 410, 429 with Retry-After, half a line of a watch, lists in pages, objects of others."""

import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from agents.harvester.systems.bounded_http import NoAnswer
from agents.harvester.systems.contract import CancelOutcome, NativeState, Refused, Submitted, Unknown
from agents.harvester.systems.kubernetes import History
from agents.harvester.systems.kubernetes_api import ApiServer, ListBroken
from agents.harvester.systems.kubernetes_settings import read_cluster
from tests.systems.kit import Fault, a_spec, shown, submitted
from tests.systems.kubernetes_adapter import JOBS, SECRETS
from tests.systems.kubernetes_emulator import status
from tests.systems.kubernetes_stand_in import KubernetesStandIn

WOKEN_SECONDS_MAX = 30.0
NUMBERS = itertools.count(1)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[KubernetesStandIn]:
    """An emulated cluster behind a front."""
    adapter = KubernetesStandIn(tmp_path, f"only{next(NUMBERS)}")
    yield adapter
    adapter.close()


def posts(cluster: KubernetesStandIn, end: str) -> int:
    """How often something was created, or tried to be."""
    return sum(method == "POST" and path.endswith(end) for method, path in cluster.front.requests)


def test_a_job_that_is_there_already_is_found_by_its_tag(cluster: KubernetesStandIn) -> None:
    (first,) = cluster.plugin().submit([a_spec(cluster)])

    (second,) = cluster.plugin().submit([a_spec(cluster)])

    assert isinstance(first, Submitted)
    assert second == first


def test_a_job_of_our_name_without_our_labels_refuses_the_worker_and_is_not_touched(cluster: KubernetesStandIn) -> None:
    cluster.foreign(f"{cluster.stack}-w1")

    (outcome,) = cluster.plugin().submit([a_spec(cluster)])

    assert isinstance(outcome, Refused)
    assert outcome.permanent
    assert "without the labels" in outcome.reason
    assert cluster.foreign_lives(f"{cluster.stack}-w1")


def test_too_many_requests_are_sent_again_after_the_seconds_that_the_server_names(cluster: KubernetesStandIn) -> None:
    cluster.front.plan("POST", "/jobs", 429, status(429, "TooManyRequests", "slow down")[1], Retry_After="1")

    (outcome,) = cluster.plugin().submit([a_spec(cluster)])

    assert isinstance(outcome, Submitted)
    assert posts(cluster, "/jobs") == 2


def test_a_server_that_asks_to_come_back_after_the_time_out_refuses_for_now(cluster: KubernetesStandIn) -> None:
    cluster.front.plan("POST", "/jobs", 429, status(429, "TooManyRequests", "slow down")[1], Retry_After="3600")

    (outcome,) = cluster.plugin().submit([a_spec(cluster)])

    assert isinstance(outcome, Refused)
    assert not outcome.permanent
    assert posts(cluster, "/jobs") == 1


@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_an_error_of_the_server_is_settled_by_the_name_of_the_job(cluster: KubernetesStandIn, code: int) -> None:
    cluster.front.plan("POST", "/jobs", code, b"upstream connect error")

    (outcome,) = cluster.plugin().submit([a_spec(cluster)])

    assert isinstance(outcome, Submitted)


def test_a_job_that_was_made_without_an_answer_gets_its_files_or_it_would_never_start(cluster: KubernetesStandIn) -> None:
    cluster.inject(Fault.SUBMIT_DIES_AFTER_ACCEPTING)

    (tag,) = submitted(cluster, cluster.plugin())

    assert cluster.left_behind(tag) == [JOBS, SECRETS]


def test_a_job_whose_harvester_was_killed_before_its_files_were_made_is_found_and_whole_ones_are_not(
    cluster: KubernetesStandIn,
) -> None:
    plugin = cluster.plugin()
    submitted(cluster, plugin, "w1", "w2")
    cluster.emulator.drop("secrets", f"{cluster.stack}-w2")
    natives = plugin.listing().workers

    half = [native.tag for native in plugin.half_submitted(natives)]

    assert sorted(native.tag for native in natives) == [f"{cluster.stack}-w1", f"{cluster.stack}-w2"]
    assert half == [f"{cluster.stack}-w2"]
    assert cluster.left_behind(f"{cluster.stack}-w2") == [JOBS]


@pytest.mark.parametrize("code", [400, 403, 429, 500])
def test_a_worker_is_not_taken_for_half_submitted_when_the_server_does_not_say_so(cluster: KubernetesStandIn, code: int) -> None:
    plugin = cluster.plugin()
    submitted(cluster, plugin)
    cluster.emulator.drop("secrets", f"{cluster.stack}-w1")
    cluster.front.plan("POST", "/secrets", code, status(code, "Other", "no")[1])

    assert list(plugin.half_submitted(plugin.listing().workers)) == []


def test_a_job_whose_files_are_refused_is_taken_back(cluster: KubernetesStandIn) -> None:
    cluster.front.plan("POST", "/secrets", 403, status(403, "Forbidden", "cannot create resource secrets")[1])

    (outcome,) = cluster.plugin().submit([a_spec(cluster)])

    assert isinstance(outcome, Refused)
    assert "secrets" in outcome.reason
    cluster.settle()
    assert cluster.left_behind(f"{cluster.stack}-w1") == []


def test_a_secret_of_the_name_that_was_there_before_the_job_is_not_believed(cluster: KubernetesStandIn) -> None:
    planted = {"metadata": {"name": f"{cluster.stack}-w1"}, "data": {}}
    cluster.server.answer("POST", SECRETS, {}, planted)

    (outcome,) = cluster.plugin().submit([a_spec(cluster)])

    assert isinstance(outcome, Unknown)
    cluster.settle()
    assert cluster.copies(f"{cluster.stack}-w1") == 0


def test_a_text_that_is_no_unicode_refuses_its_worker_and_no_other(cluster: KubernetesStandIn) -> None:
    hurt = a_spec(cluster, "w1", environment={"A": "\ud800"})

    first, second = cluster.plugin().submit([hurt, a_spec(cluster, "w2")])

    assert isinstance(first, Refused)
    assert first.permanent
    assert isinstance(second, Submitted)


def test_a_list_that_the_server_has_forgotten_between_two_pages_is_incomplete(cluster: KubernetesStandIn) -> None:
    cluster.fill(600)
    cluster.front.plan("GET", "continue=", 410, status(410, "Expired", "The provided continue parameter is too old")[1])

    listing = cluster.plugin().listing()

    assert not listing.complete
    assert "410" in listing.problem
    assert len(cluster.plugin().listing().workers) == 600


def test_a_list_older_than_one_before_it_proves_nothing(cluster: KubernetesStandIn) -> None:
    plugin = cluster.plugin()
    submitted(cluster, plugin)
    assert plugin.listing().complete
    cluster.front.plan("GET", "/jobs", 200, {"kind": "JobList", "metadata": {"resourceVersion": "900"}, "items": []})

    listing = plugin.listing()

    assert not listing.complete
    assert "older" in listing.problem


def test_a_cluster_that_was_set_back_is_believed_at_the_third_list_that_moves() -> None:
    history = History()
    history.check("500")
    for version in ("20", "21"):
        with pytest.raises(ListBroken, match="older"):
            history.check(version)

    history.check("22")
    history.check("23")


def test_an_old_list_out_of_a_cache_is_never_believed() -> None:
    history = History()
    history.check("500")

    for _ in range(10):
        with pytest.raises(ListBroken, match="older"):
            history.check("20")


def test_a_pod_whose_job_was_deleted_without_it_is_shown_and_can_be_cancelled(cluster: KubernetesStandIn) -> None:
    plugin = cluster.plugin()
    (tag,) = submitted(cluster, plugin)
    cluster.start(tag)
    del cluster.emulator.objects["jobs"][tag]

    worker = shown(plugin.listing(), tag)
    (outcome,) = plugin.cancel([worker])

    assert worker.state is NativeState.RUNNING
    assert outcome is CancelOutcome.ORDERED
    cluster.settle()
    assert plugin.listing().workers == ()


def test_a_job_that_took_the_place_of_the_one_that_was_looked_at_is_not_deleted(cluster: KubernetesStandIn) -> None:
    plugin = cluster.plugin()
    (tag,) = submitted(cluster, plugin)
    worker, job = shown(plugin.listing(), tag), cluster.job(tag)
    assert job is not None
    cluster.front.plan("GET", f"/jobs/{tag}", 200, {**job, "metadata": {**job["metadata"], "uid": "an-earlier-one"}})

    (outcome,) = plugin.cancel([worker])

    assert outcome is CancelOutcome.UNKNOWN
    assert cluster.foreign_lives(tag)


def test_an_answer_larger_than_its_bound_is_given_up(cluster: KubernetesStandIn) -> None:
    cluster.front.plan("GET", "/jobs/x", 200, b"x" * 2000)
    api = ApiServer(read_cluster(cluster.settings))

    with pytest.raises(NoAnswer, match="more than 1,000 bytes"):
        api.ask("GET", f"{JOBS}/x", seconds=30, bytes_max=1000)
    api.close()


def test_an_answer_that_drips_is_given_up_when_its_time_is_over() -> None:
    given_up = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while not given_up.wait(0.02):
                connection.sendall(b"1\r\nx\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        api = ApiServer(read_cluster({"api": f"http://127.0.0.1:{listener.getsockname()[1]}"}))
        with pytest.raises(NoAnswer, match="did not end within"):
            api.ask("GET", "/x", seconds=0.5)
        api.close()
        given_up.set()
        thread.join()


def test_a_token_is_read_again_when_its_file_changed_and_stands_in_no_error(cluster: KubernetesStandIn, tmp_path: Path) -> None:
    token = tmp_path / "cluster-token"
    token.write_text("first-secret-token\n")
    plugin = cluster.plugin(token_file=str(token))
    assert plugin.problem() == ""

    token.unlink()
    problem = plugin.problem()

    assert str(token) in problem
    assert "secret" not in problem.replace(str(token), "")
