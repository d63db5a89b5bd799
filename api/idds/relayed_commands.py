"""Commands of the relay by name, with their parameters in the order of the client's methods. Pure.

In: the name of a method, positional and named arguments. Out: the call of the table that serves it, and its arguments by name.
A caller may mean ClientManager (`manager` is true) or Client, whose methods are called otherwise here and there.
Source: docs/reference/idds.md, "The relay".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.http.errors import BadRequest

_IDS = ("request_id", "workload_id")
_FLAGS = ("with_detail", "with_metadata")
_MESSAGES = ("request_id", "workload_id", "transform_id", "internal_id", "msgs")
_COLLECTIONS = ("request_id", "transform_id", "workload_id", "scope", "name", "relation_type")
_CONTENTS = ("request_id", "transform_id", "workload_id", "coll_scope", "coll_name", "relation_type", "status")
_POINTS = ("workload_id", "request_id", "id", "status", "limit")


@dataclass(frozen=True, slots=True)
class RelayedCommand:
    """call: its name in the table. parameters: in order. is_nested: its value comes as `[true, value]` of ClientManager."""

    call: str
    parameters: tuple[str, ...] = ()
    is_nested: bool = False


_BOTH: Mapping[str, RelayedCommand] = {
    "ping": RelayedCommand("ping"),
    "get_requests": RelayedCommand("get_requests", (*_IDS, *_FLAGS, "with_transform", "with_processing")),
    "get_request_id_by_name": RelayedCommand("get_request_id_by_name", ("name",)),
    "get_transforms": RelayedCommand("get_transforms", _IDS),
    "get_transform": RelayedCommand("get_transform", ("request_id", "transform_id")),
    "get_collections": RelayedCommand("get_collections", _COLLECTIONS),
    "get_contents": RelayedCommand("get_contents", _CONTENTS),
    "get_contents_output_ext": RelayedCommand(
        "get_contents_output_ext", (*_IDS, "transform_id", "group_by_jedi_task_id")
    ),
    "get_hyperparameters": RelayedCommand("get_hyperparameters", _POINTS),
    "update_hyperparameter": RelayedCommand("update_hyperparameter", ("workload_id", "request_id", "id", "loss")),
    "update_build_request": RelayedCommand("update_build_request", ("request_id", "signature", "workflow")),
    "update_request": RelayedCommand("update_request", ("request_id", "parameters")),
    "create_workflow_task": RelayedCommand("create_workflow_task", ("workflow",)),
    "adjust_worker": RelayedCommand("adjust_worker", ("request_id", "transform_id", "workload_id", "parameters")),
    "close_workflow_task": RelayedCommand("close_workflow_task", ("request_id", "parameters")),
    "get_metainfo": RelayedCommand("get_metainfo", ("name",)),
    "send_messages": RelayedCommand("send_messages", _MESSAGES),
    "get_messages": RelayedCommand("get_messages", _MESSAGES[:-1]),
}
_SUBMIT = ("workflow", "username", "userdn", "use_dataset_name")
_MANAGER: Mapping[str, RelayedCommand] = {
    "submit": RelayedCommand("submit", _SUBMIT),
    "submit_build": RelayedCommand("submit_build", _SUBMIT),
    "submit_work": RelayedCommand("submit_work", ("request_id", "work", "use_dataset_name")),
    "abort": RelayedCommand("abort", _IDS),
    "abort_task": RelayedCommand("abort_task", (*_IDS, "task_id")),
    "close": RelayedCommand("close", _IDS),
    "retry": RelayedCommand("retry", _IDS),
    "suspend": RelayedCommand("suspend", _IDS),
    "resume": RelayedCommand("resume", _IDS),
    "finish": RelayedCommand("finish", _IDS),
    "get_status": RelayedCommand("get_status", (*_IDS, *_FLAGS)),
    **{
        name: RelayedCommand(name, _BOTH[name].parameters, is_nested=True)
        for name in ("get_metainfo", "send_messages", "get_messages")
    },
}
_CLIENT: Mapping[str, RelayedCommand] = {
    "abort_request": _MANAGER["abort"],
    "abort_request_task": _MANAGER["abort_task"],
    "close_request": _MANAGER["close"],
    "retry_request": _MANAGER["retry"],
}
#: Called by a caller's name for what its arguments are here.
SPELLED_OTHERWISE = {"coll_scope": "scope", "coll_name": "name", "status": "content_status"}


def command_named(name: str, *, manager: bool) -> RelayedCommand:
    """The command `name`, which may end with `+` and the address of a server, which is not looked at. Raises BadRequest."""
    plain = name.partition("+")[0]
    found = {**_BOTH, **(_MANAGER if manager else _CLIENT)}.get(plain)
    if found is None:
        raise BadRequest(f"command_name: {plain[:60]!r} is no command of iDDS's {'ClientManager' if manager else 'Client'}")
    return found


def bound(command: RelayedCommand, positional: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by name. Raises BadRequest for one too many, one that is not known, or one that is given twice."""
    if len(positional) > len(command.parameters):
        raise BadRequest(f"args: {len(positional)} arguments, expected at most {len(command.parameters)}")
    unknown = next((name for name in named if name not in command.parameters), None)
    if unknown is not None:
        raise BadRequest(f"kwargs: {unknown[:60]!r} is no parameter, expected {', '.join(command.parameters) or 'none'}")
    given = dict(zip(command.parameters, positional, strict=False))
    twice = next((name for name in named if name in given), None)
    if twice is not None:
        raise BadRequest(f"kwargs: {twice!r} is given twice")
    found = {**given, **named}
    if command.call == "get_contents":
        found = {SPELLED_OTHERWISE.get(name, name): value for name, value in found.items()}
    return found
