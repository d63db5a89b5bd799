"""The OpenAPI document: a stranger generates a client from it, and what it says of answers and errors holds."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
import pytest

from api.app import create_app
from api.native.command_body import COMMANDS
from api.native.operations import OPERATIONS
from api.queries.read_models import ReadModels
from identity.rights import class_of_command
from identity.ruling import EndpointClass
from tests.api.builders import ReadModelsStandIn
from tests.api.test_routes import Client, headers, services_at
from tests.cli.rows import a_row_of_jobs, a_task

Document = dict[str, Any]
FOR_CLIENTS = {
    name for name in COMMANDS if class_of_command(name) not in (EndpointClass.SYSTEM, EndpointClass.INTERNAL)
}


@pytest.fixture(scope="module")
def client(api_home: Path) -> Client:
    tables = {
        "count(*) as jobs from job": [{"task_id": 10_000_001, "status": "running", "jobs": 3}],
        "from task_dataset": [],
        "from task": [a_task(10_000_001, parameters="{}", lists=None, definition=None, changed=None)],
        "from job": [a_row_of_jobs()],
    }
    read_models = cast(ReadModels, ReadModelsStandIn(cast(Any, tables)))
    return Client(create_app(replace(services_at(api_home), read_models=read_models)))


@pytest.fixture(scope="module")
def document(client: Client) -> Document:
    found: Document = client.get("/openapi.json").json()
    return found


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_commands_that_culm_alone_sends_are_not_in_the_document(document: Document) -> None:
    listed = {path.rpartition("/")[2] for path in document["paths"] if path.startswith("/v1/commands/")} - {"{command_id}"}

    assert listed == FOR_CLIENTS
    assert {"DefineJob", "ExpireLease", "RefineTask", "SubmitTask"} & listed == set()
    assert {"KillTask", "ConfigureQueue", "SetAccessPolicy"} <= listed


def test_every_operation_has_a_name_of_its_own_that_reads_like_one(document: Document) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]

    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []
    assert {"list_tasks", "get_job", "submit_task", "kill_task", "list_reasons"} <= set(names)


def test_the_table_of_operations_has_no_line_too_many(document: Document) -> None:
    assert set(OPERATIONS) - {(method, path) for method, path, _ in operations(document)} == set()


def test_every_reference_leads_somewhere_and_every_tag_is_declared(document: Document) -> None:
    text = json.dumps(document)

    for place in set(re.findall(r'"#/components/(\w+)/(\w+)"', text)):
        assert place[1] in document["components"][place[0]], place
    tags = {tag for _, _, operation in operations(document) for tag in operation["tags"]}
    assert {one["name"] for one in document["tags"]} == tags


def test_every_operation_says_how_it_fails_and_how_one_authenticates(document: Document) -> None:
    assert document["security"] == [{"token": []}]
    for method, path, operation in operations(document):
        expected = {"400", "404", "409", "422", "429", "503"} | (set() if operation.get("security") == [] else {"401", "403"})
        assert expected <= set(operation["responses"]), (method, path)
    public = {path for _, path, operation in operations(document) if operation.get("security") == []}
    assert public == {"/v1/health", "/v1/agents/enrol", "/v1/agents/token", "/v1/agents/keys"}


def test_what_is_public_in_the_document_needs_no_token_and_the_rest_does(client: Client, document: Document) -> None:
    for method, path, operation in operations(document):
        if method != "get" or "{" in path:
            continue
        status = client.get(path).status_code
        assert (status == 401) == (operation.get("security") != []), path


def validator_of(document: Document, schema: Document) -> Any:
    return jsonschema_rs.validator_for({**schema, "components": document["components"]})


@pytest.mark.parametrize(
    ("path", "template", "status"),
    [
        ("/v1/tasks", "/v1/tasks", "200"), ("/v1/jobs", "/v1/jobs", "200"), ("/v1/queues", "/v1/queues", "200"),
        ("/v1/tasks/10000001", "/v1/tasks/{task_id}", "200"), ("/v1/jobs/77", "/v1/jobs/{job_id}", "200"),
        ("/v1/tasks?limit=0", "/v1/tasks", "400"), ("/v1/commands/x", "/v1/commands/{command_id}", "404"),
    ],
)  # fmt: skip
def test_answers_are_what_the_document_says(
    client: Client, document: Document, api_home: Path, path: str, template: str, status: str
) -> None:
    answer = client.get(path, headers=headers(api_home))

    said = document["paths"][template]["get"]["responses"][status]
    if "$ref" in said:
        said = document["components"]["responses"][said["$ref"].rpartition("/")[2]]
    (kind,) = said["content"]
    assert str(answer.status_code) == status
    assert answer.headers["content-type"] == kind
    assert list(validator_of(document, said["content"][kind]["schema"]).iter_errors(answer.json())) == []


def test_a_task_that_is_not_taken_is_a_problem_as_the_document_says(client: Client, document: Document, api_home: Path) -> None:
    answer = client.post("/v1/tasks", headers=headers(api_home), json={"parameters": {}})

    found = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert (found["title"], found["status"], found["task_id"]) == ("Not submitted", 422, None)
    assert validator_of(document, {"$ref": "#/components/schemas/Problem"}).is_valid(found)


@pytest.mark.parametrize("path", ["/v1/agents/enrol", "/v1/agents/token"])
def test_a_code_or_token_that_is_not_taken_is_in_the_document(client: Client, document: Document, path: str) -> None:
    said = document["paths"][path]["post"]["responses"]

    assert client.post(path, json={}).status_code in (400, 401, 403)
    assert {"401", "403"} <= set(said)


def test_the_schema_of_a_task_refuses_what_is_none(document: Document) -> None:
    task = validator_of(document, {"$ref": "#/components/schemas/Task"})

    assert task.is_valid({"task_id": 1, "name": "a", "ended_at": None})
    assert not task.is_valid({"task_id": "1"})
    assert not task.is_valid({"name": None})


def test_examples_fit_their_schemas(document: Document) -> None:
    shown = {name: one["example"] for name, one in document["components"]["schemas"].items() if "example" in one}

    assert set(shown) == {"CommandAnswer", "Submitted"}
    for name, example in shown.items():
        assert validator_of(document, {"$ref": f"#/components/schemas/{name}"}).is_valid(example), name
