"""The change that a verdict names, made: to what is asked, to the queue, or to what is known around it."""

import json
from dataclasses import replace as with_fields
from typing import Any

from schemas.records import replace
from schemas.types import QueueStatus, ReplicaCopy
from streams.facts.outside import OutsideFacts
from streams.facts.snapshot import EndCounts, QueueFacts
from streams.jedi.candidates import Asked, Surroundings
from tests.streams.builders import a_class

World = tuple[Asked, QueueFacts, Surroundings]


def changed(change: str, asked: Asked, queue: QueueFacts, around: Surroundings) -> World:
    """What is asked and known after `change` (`QueueVerdict.change`) alone."""
    name, _, text = change.partition("=")
    of, _, field = name.partition(".")
    value: Any = json.loads(text)
    value = tuple(value) if isinstance(value, list) else value
    settings, outside = queue.settings, around.outside
    match of:
        case "task":
            return with_fields(asked, outgoing=replace(asked.outgoing, **{field: value})), queue, around
        case "queue" if field == "classes.more":
            more = (*settings.classes, a_class("more", **value))
            return asked, with_fields(queue, settings=replace(settings, classes=more)), around
        case "queue":
            value = QueueStatus(value) if field == "status" else value
            return asked, with_fields(queue, settings=replace(settings, **{field: value})), around
        case "facts":
            return asked, with_fields(queue, **{field: value}), around
        case "ends":
            ends = with_fields(around.ends.get(settings.name, EndCounts()), **{field: value})
            return asked, queue, with_fields(around, ends={settings.name: ends})
        case "users":
            users = {settings.name: with_fields(around.users[settings.name], **{field: value})}
            return asked, queue, with_fields(around, users=users)
        case "types":
            types = {settings.name: with_fields(around.types[settings.name], **{field: value})}
            return asked, queue, with_fields(around, types=types)
        case _:
            return asked, queue, with_fields(around, outside=_outside(of, field, value, asked, queue, outside))


def _outside(of: str, field: str, value: Any, asked: Asked, queue: QueueFacts, outside: OutsideFacts) -> OutsideFacts:
    settings, nucleus = queue.settings, asked.outgoing.nucleus or ""
    match of:
        case "site":
            sites = {settings.site: replace(outside.sites[settings.site], **{field: value})}
            return with_fields(outside, sites=sites)
        case "storage":
            storages = {settings.storage: replace(outside.storages[settings.storage], **{field: value})}
            return with_fields(outside, storages=storages)
        case "link":
            key = (settings.site, nucleus)
            links = {**outside.links, key: replace(outside.links[key], **{field: value})}
            return with_fields(outside, links=links)
        case "nucleus" if field == "files_queued":
            (first, *_) = outside.links
            links = {first: replace(outside.links[first], files_queued=value)}
            return with_fields(outside, links=links)
        case "nucleus":
            name = outside.sites[nucleus].storages[0]
            storages = {name: replace(outside.storages[name], **{field: value})}
            return with_fields(outside, storages=storages)
        case "replicas":
            held = {
                key: replace(row, copies=(ReplicaCopy(storage=value, files=row.files, size_bytes=row.size_bytes),))
                for key, row in outside.replicas.items()
            }
            return with_fields(outside, replicas=held)
        case _:
            raise AssertionError(f"{of}.{field} is nothing that can be changed")
