"""A work as the grammar has it. Pure.

In: an object of `_works`. Out: WorkPlan, or NotInGrammar. Settings are taken over as they are; the compiler checks those that it
uses. Source: docs/reference/idds.md, "Grammar of requests".
"""

from collections.abc import Mapping
from typing import Any

from streams.idds.faults import NotInGrammar, Position
from streams.idds.grammar_conditions import attributes_of
from streams.idds.job_maps import source_of
from streams.idds.model import Json, WorkCollection, WorkPlan
from streams.idds.tree import is_object, kind_of
from streams.idds.values import check_id, name_in, number_in, object_in
from streams.idds.vocabulary import USER_PREFIX, ObjectKind
from streams.jedi.shown import shown

#: Attributes of works that say how its task is to run, and what links may write to; others are bookkeeping of the client.
SETTINGS = frozenset({
    "executable", "arguments", "encode_command_line", "task_queue", "queue", "task_site", "task_cloud", "task_rss",
    "task_rss_retry_offset", "task_rss_retry_step", "task_rss_max", "core_count", "maxWalltime", "maxAttempt", "num_retries",
    "task_priority", "vo", "working_group", "prodSourceLabel", "task_type", "processingType", "task_log", "username", "es",
    "additional_task_parameters", "additional_task_parameters_per_site", "core_to_queues", "work_tag", "sandbox", "setup",
    "es_label", "max_events_per_job", "enable_job_name_map",
})  # fmt: skip
COLLECTIONS_MAX = 1_000
ID, STATUS = "internal_id", "_metadata"


def work_of(value: Any, work_id: str, at: Position) -> WorkPlan:
    """A work that stands in `_works` under `work_id`."""
    given, inside = attributes_of(value, ObjectKind.WORK, at), (*at, "attributes")
    metadata, of_metadata = metadata_of(given, inside)
    check_id(work_id, at)
    if metadata.get(ID) not in (None, work_id):
        raise NotInGrammar((*of_metadata, ID), f"{shown(metadata[ID])}, but it stands under {shown(work_id)}")
    task_name, work_name = name_in(given, "task_name", inside), name_in(metadata, "work_name", of_metadata)
    for name, where in ((task_name, (*inside, "task_name")), (work_name, (*of_metadata, "work_name"))):
        check_no_path(name, where)
    return WorkPlan(
        work_id=work_id,
        class_name=value["class"],
        work_name=work_name or task_name,
        task_name=task_name or work_name,
        job_map=source_of(given.get("_dependency_map"), (*inside, "_dependency_map")),
        settings={key: given[key] for key in sorted(SETTINGS & given.keys())},
        user_parameters={key: one for key, one in given.items() if key.startswith(USER_PREFIX)},
        and_conditions=object_in(given, "and_custom_conditions", inside),
        or_conditions=object_in(given, "or_custom_conditions", inside),
        sliced_parameters=object_in(given, "sliced_global_parameters", inside),
        collections=_collections(given, inside),
        place=inside,
    )


def check_no_path(name: str, at: Position) -> None:
    """Raises NotInGrammar for a name that would lead somewhere as a path; a slash at the end marks a container."""
    stem = name.rstrip("/")
    if "/" in stem or "\\" in name or stem in (".", "..") or (name and not stem):
        raise NotInGrammar(at, f"{shown(name)} is a path, expected a name")


def metadata_of(given: Mapping[str, Any], at: Position) -> tuple[Mapping[str, Json], Position]:
    """The attributes of `_metadata` and where they stand; none when there is no such object."""
    value = given.get("_metadata")
    if value is None:
        return {}, at
    return attributes_of(value, ObjectKind.METADATA, (*at, "_metadata")), (*at, "_metadata", "attributes")


def _collections(given: Mapping[str, Any], at: Position) -> tuple[WorkCollection, ...]:
    found = object_in(given, "_collections", at)
    if len(found) > COLLECTIONS_MAX:
        raise NotInGrammar((*at, "_collections"), f"{len(found)} collections, at most {COLLECTIONS_MAX}")
    collections = []
    for key, value in found.items():
        where = (*at, "_collections", key)
        check_id(key, where)
        if not is_object(value) or kind_of(value, where) is not ObjectKind.COLLECTION:
            raise NotInGrammar(where, f"{shown(value)}, expected a collection")
        attributes, inside = value["attributes"], (*where, "attributes")
        metadata, of_metadata = metadata_of(attributes, inside)
        coll_type = number_in(metadata, "coll_type", of_metadata, 4)
        collections.append(
            WorkCollection(key, name_in(attributes, "scope", inside), name_in(attributes, "name", inside), int(coll_type or 0))
        )
    return tuple(collections)
