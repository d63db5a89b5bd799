"""Dashboards, rules and samples of deploy/dashboards/ parse, name what exists, and work on a real stack and Prometheus."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest
import yaml

from cli.client_environment import consumer_environment
from deploy.config import CHECKOUT
from deploy.stack import Stack
from process.instances import MEASURED
from process.metrics import expose
from schemas.catalog import CATALOG
from schemas.topics import topics_of_role
from tests.monitor.manual_actors import ManualActors, until

FOLDER = CHECKOUT / "deploy" / "dashboards"
#: Families that Prometheus or its client make themselves.
GIVEN = ("up", "process_cpu_seconds_total", "process_resident_memory_bytes")
NAME = re.compile(r"\b(culm_[a-z_]+|process_[a-z_]+|up)\b(?=[{\[) ]|$)")


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "grafana" / "culm.json").read_text())
    return found


def expressions() -> list[str]:
    """Every expression of the dashboard and of the alerts."""
    shown = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    rules = yaml.safe_load((FOLDER / "rules.yml").read_text())
    return shown + [rule["expr"] for group in rules["groups"] for rule in group["rules"]]


def families(stack: Stack) -> set[str]:
    """Names of all families that the processes of a stack expose, with the endings of counters and histograms."""
    names: set[str] = set()
    for number, _ in enumerate(MEASURED):
        text = httpx.get(f"http://127.0.0.1:{stack.config.ports.metrics + number}/metrics").text
        for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE):
            names.add(name)
            if kind == "histogram":
                names |= {f"{name}_bucket", f"{name}_count", f"{name}_sum"}
    return names


def test_the_scrape_configuration_names_every_process_in_order() -> None:
    found = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    targets = found["scrape_configs"][0]["static_configs"]

    assert [target["labels"]["process"] for target in targets] == list(MEASURED)
    assert [target["targets"] for target in targets] == [[f"127.0.0.1:{25120 + number}"] for number in range(len(MEASURED))]
    assert yaml.safe_load((FOLDER / "grafana" / "provisioning.yml").read_text())["datasources"][0]["uid"] == "culm"
    assert {panel["datasource"]["uid"] for panel in dashboard()["panels"]} == {"culm"}


def test_an_address_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="CULM_METRICS is 'here', expected host:port"):
        expose({"CULM_METRICS": "here"}, "decider")


def test_the_sink_names_topics_and_fields_that_exist() -> None:
    sink = json.loads((FOLDER / "opensearch-sink.json").read_text())["config"]
    template = json.loads((FOLDER / "opensearch-template.json").read_text())["template"]["mappings"]["properties"]
    fields = {field["name"] for field in CATALOG["culm.envelope.EventEnvelope"].schema["fields"]}

    assert set(sink["topics"].split(",")) <= set(topics_of_role("events"))
    assert {name.removeprefix("envelope.") for name in template if name.startswith("envelope.")} <= fields


@pytest.mark.stack
def test_every_figure_that_is_asked_for_is_exposed(stack: Stack, actors: ManualActors) -> None:
    task = actors.submit()
    actors.finish(actors.lease(task))

    exposed = families(stack) | set(GIVEN)

    asked = {name for expression in expressions() for name in NAME.findall(expression)}
    assert asked - exposed == set()
    assert len(asked) > 20


@pytest.mark.stack
def test_no_label_holds_an_id_or_a_user(stack: Stack, actors: ManualActors) -> None:
    task = actors.submit()
    actors.user.get(f"/v1/tasks/{task}")
    text = "".join(
        httpx.get(f"http://127.0.0.1:{stack.config.ports.metrics + number}/metrics").text for number, _ in enumerate(MEASURED)
    )

    assert str(task) not in text
    assert "Pages Person" not in text
    assert 'route="/v1/tasks/{task_id}"' in text


@pytest.mark.stack
def test_the_running_table_agrees_with_the_read_model(stack: Stack, actors: ManualActors) -> None:
    task = actors.submit(jobs=2)
    actors.finish(actors.lease(task))
    sample = str(FOLDER / "running_table.py")
    command = [sys.executable, "-W", "ignore", sample, stack.config.kafka, stack.config.registry, "--once"]

    environ = {**os.environ, **consumer_environment(stack.config)}

    def same() -> bool:
        output = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        with closing(psycopg2.connect(stack.config.postgres)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT queue, status, count(*) FROM job GROUP BY 1, 2 ORDER BY 1, 2")
            rows = cursor.fetchall()
        return [(one["queue"], one["state"], one["jobs"]) for one in json.loads(output.stdout)] == rows

    assert until(same, 60)


@pytest.fixture
def prometheus(stack: Stack, tmp_path: Path) -> Iterator[str]:
    """Address of a real Prometheus that scrapes the shared stack."""
    binary = shutil.which("prometheus")
    assert binary is not None, "no Prometheus on this machine; install Debian's package prometheus"
    configuration = (FOLDER / "prometheus.yml").read_text().replace("scrape_interval: 5s", "scrape_interval: 1s")
    for number, _ in enumerate(MEASURED):
        configuration = configuration.replace(f"127.0.0.1:{25120 + number}", f"127.0.0.1:{stack.config.ports.metrics + number}")
    (tmp_path / "prometheus.yml").write_text(configuration)
    shutil.copy(FOLDER / "rules.yml", tmp_path / "rules.yml")
    port = stack.config.ports.metrics + 50
    command = [binary, f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
               f"--web.listen-address=127.0.0.1:{port}"]  # fmt: skip
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.stack
def test_a_real_prometheus_answers_every_expression(stack: Stack, actors: ManualActors, prometheus: str) -> None:
    actors.finish(actors.lease(actors.submit()))
    with httpx.Client(base_url=prometheus) as asking:

        def value(expression: str) -> list[Any]:
            answer = asking.get("/api/v1/query", params={"query": expression})
            assert answer.status_code == 200, f"{expression}: {answer.text}"
            found: list[Any] = answer.json()["data"]["result"]
            return found

        def scraped() -> bool:
            try:
                is_ready = asking.get("/-/ready").status_code == 200
            except httpx.TransportError:
                return False
            return is_ready and len(value('up{job="culm"} == 1')) == len(MEASURED)

        until(scraped, 60)
        until(lambda: value('rate(culm_records_total{process="decider"}[1m])'), 60)
        answers = {expression: value(expression) for expression in expressions()}

        with_data = [expression for expression, found in answers.items() if found]
        assert len(with_data) > len(answers) / 2, sorted(set(answers) - set(with_data))
        assert value('sum(culm_jobs{state="finished"})')[0]["value"][1] != "0"
        assert len(asking.get("/api/v1/rules").json()["data"]["groups"][0]["rules"]) == 10


def test_the_rules_are_accepted_by_the_tool() -> None:
    tool = shutil.which("promtool")
    assert tool is not None, "no promtool on this machine; install Debian's package prometheus"
    done = subprocess.run([tool, "check", "rules", str(FOLDER / "rules.yml")], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 rules found" in done.stdout
