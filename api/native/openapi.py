"""The OpenAPI document for clients that Culm does not know: what they may send, what they get, and how errors look.

In: what FastAPI says of the routes. Out: the same with operation ids that read like names, schemas of answers, the problem
documents of RFC 9457, and how one authenticates. Left out: commands that Culm alone sends. Schemas of rows come from the tables
of the read models, those of commands and answers from the Avro files.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, SmallInteger, Table

from api.native.command_body import COMMANDS, json_schema
from api.native.operations import COMMANDS_PATH, operation_of
from identity.rights import class_of_command
from identity.ruling import EndpointClass
from projections.datasets import tables as datasets
from projections.jobs import tables as jobs
from projections.queues import tables as queues
from projections.tasks import tables as tasks
from projections.timeline import tables as timeline
from projections.workers import tables as workers
from schemas.catalog import CATALOG

Document = dict[str, Any]
#: Sent by Culm itself, or by its API for a user, who has a route of its own for that.
NOT_FOR_CLIENTS = (EndpointClass.SYSTEM, EndpointClass.INTERNAL)
#: Answered without a token.
PUBLIC = frozenset({
    ("get", "/v1/health"), ("post", "/v1/agents/enrol"), ("post", "/v1/agents/token"), ("get", "/v1/agents/keys"),
})  # fmt: skip
PROBLEMS: Mapping[str, str] = {
    "400": "The request is not what was asked for; `errors` names each field.",
    "401": "No token came with the request.",
    "403": "The token is not accepted, or the right is missing.",
    "404": "There is no such thing, or not in this VO.",
    "409": "The same key was used for something else, or the name belongs to a task at work.",
    "422": "Refused by a decider; `reason` is its code.",
    "429": "Too many requests; `Retry-After` says when to come back.",
    "503": "It cannot be done now; `Retry-After` says when to come back.",
}
NUMBERS = (BigInteger, Integer, SmallInteger)
TABLES = {
    "Task": (tasks, "task"), "InputUnit": (tasks, "task_file"), "Job": (jobs, "job"), "Queue": (queues, "queue"),
    "Worker": (workers, "worker"), "Dataset": (datasets, "dataset"), "DatasetFile": (datasets, "dataset_file"),
    "Event": (timeline, "timeline"),
}  # fmt: skip


def public_document(found: Document) -> Document:
    """The document for clients, from the one that FastAPI made; `found` stays as it is."""
    paths: Document = {}
    for path, methods in found["paths"].items():
        if _is_for_clients(path):
            paths[path] = {method: _operation(method, path, one) for method, one in methods.items()}
    return {
        **found,
        "paths": paths,
        "security": [{"token": []}],
        "tags": [{"name": name} for name in sorted({tag for one in _operations(paths) for tag in one.get("tags", ())})],
        "components": {
            "schemas": _schemas(),
            "responses": {f"Problem{status}": _problem(text) for status, text in PROBLEMS.items()},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A token of an issuer that is believed. `Origin` names the VO where a token is of several.",
                }
            },
        },
    }


def _is_for_clients(path: str) -> bool:
    name = path.removeprefix(COMMANDS_PATH) if path.startswith(COMMANDS_PATH) else ""
    return name not in COMMANDS or class_of_command(name) not in NOT_FOR_CLIENTS


def _operations(paths: Document) -> list[Document]:
    return [one for methods in paths.values() for one in methods.values()]


def _operation(method: str, path: str, found: Document) -> Document:
    known = operation_of(method, path)
    is_public = (method, path) in PUBLIC
    good = next(status for status in found["responses"] if status.startswith("2"))
    answer: Document = {"description": "As asked for."}
    if known.schema:
        answer["content"] = {"application/json": {"schema": _answer_schema(known.schema, known.rows)}}
    elif known.name not in ("download_job_file", "get_job_log", "follow_events"):
        answer["content"] = {"application/json": {"schema": {"type": "object"}}}
    responses = {good: answer}
    if (method == "post" and known.schema == "CommandAnswer") or known.name == "get_command_answer":
        responses["202"] = {**answer, "description": "Sent and not answered yet; `Location` is where the answer will be found."}
    if known.name == "submit_task":
        responses["200"] = {**answer, "description": "The same submission as before."}
    # Codes and tokens that are exchanged for others are credentials, too.
    left_out = ("401", "403") if is_public and method == "get" else ()
    responses |= {
        status: {"$ref": f"#/components/responses/Problem{status}"} for status in PROBLEMS if status not in left_out
    }
    return {**found, "operationId": known.name, "responses": responses, **({"security": []} if is_public else {})}


def _answer_schema(schema: str, rows: str) -> Document:
    reference = {"$ref": f"#/components/schemas/{schema}"}
    if not rows:
        return reference
    return {
        "type": "object",
        "required": [rows],
        "properties": {
            rows: {"type": "array", "items": reference},
            "next": {"type": ["string", "null"], "description": "`after` of the next page; null on the last."},
        },
    }


def _problem(text: str) -> Document:
    schema = {"$ref": "#/components/schemas/Problem"}
    example = {"type": "about:blank", "title": "Not found", "status": 404, "detail": "no task 10000009 in wlcg"}
    return {"description": text, "content": {"application/problem+json": {"schema": schema, "example": example}}}


def _schemas() -> Document:
    problem = {
        "type": "object",
        "description": "RFC 9457. Members beside these belong to the problem: `reason`, `errors`, `command_id`.",
        "required": ["title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "The sentence for people."},
        },
    }
    submitted = {
        "type": "object",
        "required": ["task_id"],
        "properties": {"task_id": {"type": "integer"}, "code": {"type": "integer"}, "message": {"type": "string"}},
        "example": {"task_id": 10000000, "code": 0, "message": "succeeded. new jediTaskID=10000000"},
    }
    text_or_none = {"type": ["string", "null"]}
    reason = {
        "type": "object",
        "properties": {"says": {"type": "string"}, "change": text_or_none, "who": text_or_none, "since": text_or_none},
    }
    reasons = {"type": "object", "required": ["why"], "properties": {"why": {"type": "array", "items": reason}}}
    rows = {name: _of_table(module.METADATA.tables[table]) for name, (module, table) in TABLES.items()}
    rows["Task"]["properties"]["parameters"] = {}  # a text in the table, shown as the JSON that it holds
    return {"Problem": problem, "CommandAnswer": _command_answer(), "Submitted": submitted, "Reasons": reasons, **rows}


def _of_table(table: Table) -> Document:
    """A row as routes show it: a part of the columns, times as ISO 8601, and what a route adds."""
    return {"type": "object", "properties": {str(column.name): _of_column(column) for column in table.columns}}


def _of_column(column: "Column[Any]") -> Document:
    if column.name == "at" or column.name.endswith("_at"):
        found: Document = {"type": "string", "format": "date-time"}
    elif isinstance(column.type, NUMBERS):
        found = {"type": "integer"}
    elif isinstance(column.type, Double):
        found = {"type": "number"}
    elif isinstance(column.type, Boolean):
        found = {"type": "boolean"}
    elif type(column.type).__name__ == "Text":
        found = {"type": "string"}
    else:
        return {}  # JSON of any form
    return {**found, "type": [found["type"], "null"]} if column.nullable else found


def _command_answer() -> Document:
    entry = next(one for one in CATALOG.values() if one.name == "CommandAnswered")
    found = json_schema(entry)["properties"]
    shown = {name: one for name, one in found.items() if name not in ("answered_at", "numbers_from", "leased")}
    shown |= {"answered": {"type": "boolean"}, "at": {"type": ["string", "null"], "format": "date-time"}}
    example = {"command_id": "5d1c3a4e-0000-4000-8000-000000000001", "command_type": "KillTask", "aggregate": "task",
               "aggregate_id": "10000000", "accepted": True, "answered": True, "jobs_hit": 3}  # fmt: skip
    return {"type": "object", "required": ["command_id", "answered"], "properties": shown, "example": example}
