"""Waiting until a server really answers, with its log's last words when it does not."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psycopg2
from confluent_kafka import KafkaException

from deploy.errors import DidNotStart
from eventlog.connection import open_admin
from process.authorities import believed

PAUSE_SECONDS = 0.05
TAIL_CHARACTERS = 1500
DEATHS_MAX = 3
DEATHS_ASKED_SECONDS = 1.0


def wait_until(
    answers: Callable[[], bool], name: str, log: Path | None, *, seconds: float, deaths: Callable[[], int] = lambda: 0
) -> float:
    """Seconds it took until `answers` was true.

    Raises DidNotStart with the end of `log` after `seconds`, or as soon as the process has died DEATHS_MAX times (`deaths`
    counts them).
    """
    began = asked = time.monotonic()
    while not answers():
        now = time.monotonic()
        problem = f"did not answer within {seconds:.0f} s" if now - began > seconds else None
        if now - asked > DEATHS_ASKED_SECONDS:
            asked = now
            problem = f"died {DEATHS_MAX} times while it should start" if deaths() >= DEATHS_MAX else problem
        if problem:
            tail = log.read_text(encoding="utf-8", errors="replace")[-TAIL_CHARACTERS:] if log and log.exists() else ""
            raise DidNotStart(f"{name} {problem}; its log ends:\n{tail}")
        time.sleep(PAUSE_SECONDS)
    return time.monotonic() - began


def kafka_answers(bootstrap: str) -> bool:
    """True when the broker lists its topics."""
    try:
        admin = open_admin(bootstrap, hurried=True)
        return bool(admin.list_topics(timeout=2).brokers)
    except KafkaException:
        return False


def registry_answers(url: str) -> bool:
    """True when the registry lists its subjects."""
    try:
        return httpx.get(f"{url}/subjects", timeout=2, verify=believed()).status_code == 200
    except httpx.HTTPError:
        return False


def postgres_answers(address: str) -> bool:
    """True when the server takes connections; a database that is yet to be made does not count as silence."""
    try:
        psycopg2.connect(address, connect_timeout=2).close()
    except psycopg2.OperationalError as problem:
        return "does not exist" in str(problem)
    return True


def api_problems(address: str) -> list[str]:
    """What the API says is wrong, in sentences; nothing when it does not answer, which is reported elsewhere."""
    try:
        found = httpx.get(f"{address}/v1/health", timeout=5, verify=believed()).json()
        return [str(problem) for problem in found.get("problems", ())]
    except (httpx.HTTPError, ValueError, AttributeError):
        return []


def edge_answers(metrics: str) -> bool:
    """True when the edge takes connections: it serves `metrics` from then on."""
    try:
        return httpx.get(metrics, timeout=2, verify=believed()).status_code == 200
    except httpx.HTTPError:
        return False


def api_answers(url: str) -> bool:
    """True when the API is alive."""
    try:
        return httpx.get(f"{url}/api/v1/system/is_alive", timeout=2, verify=believed()).status_code == 200
    except httpx.HTTPError:
        return False
