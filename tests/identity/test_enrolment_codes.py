"""Enrolment codes: used once, by one; what came of one that was used twice ends with it."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from identity.agents import code_digest_of
from identity.enrolments import Enrolments
from schemas.instants import MICROSECONDS
from schemas.policy import EnrolmentEnded, EnrolmentOffered, EnrolmentRedeemed, RedeemEnrolment
from schemas.queue import LeaseJob
from tests.api.builders import an_answer
from tests.identity.test_agent_tokens import GET_JOB, REPORT, UPDATE_JOB, WORKER, Site
from tests.identity.test_agent_tokens import shared_site as shared_site
from tests.identity.test_agent_tokens import site as site


def offered(site: Site, code: str, worker_id: str | None = None, seconds: int = 600) -> None:
    now = int(time.time())
    event = EnrolmentOffered(
        code=code_digest_of(code),
        queues=("LOCAL",),
        worker_id=worker_id,
        expires_at=(now + seconds) * MICROSECONDS,
        tokens_until=(now + 86_400) * MICROSECONDS,
    )
    site.gate.enrolments.take(event, "wlcg", now * MICROSECONDS)


def test_a_harvester_enrols_and_makes_tokens_for_its_workers(site: Site) -> None:
    offered(site, "the code")

    harvester = site.post("", "/v1/agents/enrol", {"code": "the code", "redeemer": "r" * 16}).json()
    worker = site.post(harvester["token"], "/v1/agents/workers", {"worker_id": "w7"}).json()
    job = site.post(worker["token"], GET_JOB, {"siteName": "LOCAL", "worker_id": "w7"})

    assert (harvester["queues"], harvester["worker_id"], worker["worker_id"]) == (["LOCAL"], "", "w7")
    assert harvester["subject"] != worker["subject"]
    assert job.status_code == 200
    command, key = site.gateway.sent[0]
    assert (command, key) == (
        RedeemEnrolment(code=code_digest_of("the code"), redeemer=code_digest_of("r" * 16)),
        f"enrolment.{code_digest_of('the code')}",
    )
    assert site.rules() == []


def test_a_token_says_what_the_slot_has_and_its_renewal_too(site: Site) -> None:
    offered(site, "the code")
    harvester = site.post("", "/v1/agents/enrol", {"code": "the code", "redeemer": "r" * 16}).json()
    worker = site.post(harvester["token"], "/v1/agents/workers", {"worker_id": "w7", "memory_mb": 4_000}).json()
    renewed = site.post(worker["token"], "/v1/agents/token", {"token_key": worker["token_key"]}).json()

    for token in (worker["token"], renewed["token"]):
        site.post(token, GET_JOB, {"siteName": "LOCAL", "worker_id": "w7", "mem": 24_000})

    leases = [command for command, _ in site.gateway.sent if isinstance(command, LeaseJob)]
    assert [one.offer.memory_mb for one in leases] == [4_000, 4_000]


@pytest.mark.parametrize("odd", [-1, 1.5, "4000", True, 10**12, None])
def test_a_memory_that_cannot_be_is_refused(site: Site, odd: object) -> None:
    offered(site, "the code")
    harvester = site.post("", "/v1/agents/enrol", {"code": "the code", "redeemer": "r" * 16}).json()

    answer = site.post(harvester["token"], "/v1/agents/workers", {"worker_id": "w7", "memory_mb": odd})

    assert answer.status_code == 400
    assert "memory_mb" in answer.text
    assert "100,000,000,000" in answer.text


@pytest.mark.parametrize("seconds", [None, 0])
def test_a_code_that_was_not_offered_or_is_over_costs_no_command(site: Site, seconds: int | None) -> None:
    if seconds is not None:
        offered(site, "no code", seconds=seconds)

    answer = site.post("", "/v1/agents/enrol", {"code": "no code", "redeemer": "r" * 16})

    assert answer.status_code == 403
    assert "no code" not in answer.text
    assert [rule for rule, _ in site.rules()] == ["code"]
    assert site.gateway.sent == []


def test_a_code_that_was_used_is_known_until_renewals_end_and_one_that_was_not_until_it_expires() -> None:
    found, start = Enrolments(), 1_800_000_000 * MICROSECONDS
    hour = 3_600 * MICROSECONDS
    for code in ("a" * 64, "b" * 64, "c" * 64):
        event = EnrolmentOffered(code=code, queues=("Q",), expires_at=start + hour, tokens_until=start + 9 * hour)
        found.take(event, "wlcg", start)
    found.take(EnrolmentRedeemed(code="a" * 64, redeemer="r" * 64), "wlcg", start)
    found.take(EnrolmentEnded(code="c" * 64), "wlcg", start)

    def known(hours: int) -> list[str]:
        return [code[0] for code in ("a" * 64, "b" * 64, "c" * 64) if found.offered(code, start + hours * hour) is not None]

    assert [known(hours) for hours in (0, 1, 8, 9)] == [["a", "b"], ["a"], ["a"], []]
    found.forget_expired(start + hour)
    assert [known(hours) for hours in (0, 8)] == [["a"], ["a"]]


def test_a_code_that_was_used_is_refused_and_its_end_ends_every_token_of_it(api_home: Path) -> None:
    site = Site(api_home, lambda *_: an_answer(accepted=False, reason="CODE_USED"))
    offered(site, "code")

    second = site.post("", "/v1/agents/enrol", {"code": "code", "redeemer": "s" * 16})
    site.gate.verifier.revocations.take(EnrolmentEnded(code=WORKER.enrolment, used_twice=True), 0)
    late = [site.post(token, UPDATE_JOB, REPORT).status_code for token in (site.worker(), site.job())]
    other = site.post(site.worker(replace(WORKER, enrolment="f" * 64)), UPDATE_JOB, REPORT).status_code

    assert (second.status_code, late, other) == (403, [403, 403], 200)
    assert [rule for rule, _ in site.rules()] == ["code", "revoked"]
