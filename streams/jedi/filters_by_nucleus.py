"""Filters of the production broker that rest on the nucleus of a task, the site that takes its output. Pure.

Each gives None for a queue that passes, and for all queues where the task has no nucleus or the queue is of it; UNTESTED where
what it tests is not known, else the figures found and the change that would let it pass.
Source: docs/reference/jedi.md, "Brokers".
"""

from streams.facts.snapshot import QueueFacts
from streams.jedi.candidates import UNTESTED, Asked, Dropped, Surroundings, Untested, dropped

Found = Dropped | Untested | None


def destination(asked: Asked, facts: QueueFacts, around: Surroundings) -> Found:
    """`dest_blacklisted`: the storage of the nucleus may not be written from outside."""
    nucleus = asked.outgoing.nucleus
    if nucleus is None or facts.settings.site == nucleus:
        return None
    site = around.outside.sites.get(nucleus)
    storage = around.outside.storages.get(site.storages[0]) if site is not None and site.storages else None
    if storage is None:
        return UNTESTED
    if storage.write_wan:
        return None
    return dropped(f"storage {storage.name} of nucleus {nucleus} is closed for writing", "nucleus.write_wan", True)


def links_full(asked: Asked, facts: QueueFacts, around: Surroundings) -> Found:
    """`links_full`: NQUEUED_NUC_CAP_FOR_JOBS files or more are on their way to the nucleus."""
    nucleus, limit = asked.outgoing.nucleus, int(around.figures["NQUEUED_NUC_CAP_FOR_JOBS"])
    if nucleus is None or facts.settings.site == nucleus:
        return None
    queued = around.files_to.get(nucleus)
    if queued is None:
        return UNTESTED
    if queued < limit:
        return None
    message = f"{queued} files wait for transfer to nucleus {nucleus}, fewer than {limit} may"
    return dropped(message, "nucleus.files_queued", limit - 1)


def link_unusable(asked: Asked, facts: QueueFacts, around: Surroundings) -> Found:
    """`link_unusable`: the link to the nucleus is blocked, or NQUEUED_SAT_CAP files or more wait on it."""
    nucleus, limit = asked.outgoing.nucleus, int(around.figures["NQUEUED_SAT_CAP"])
    if nucleus is None or facts.settings.site == nucleus:
        return None
    link = around.outside.links.get((facts.settings.site, nucleus))
    if link is None:
        return UNTESTED
    if link.blocked:
        return dropped(f"the link from {link.source} to nucleus {nucleus} is blocked", "link.blocked", False)
    if link.files_queued < limit:
        return None
    message = f"{link.files_queued} files wait for transfer from {link.source} to nucleus {nucleus}, fewer than {limit} may"
    return dropped(message, "link.files_queued", limit - 1)


def nucleus_only(asked: Asked, facts: QueueFacts, around: Surroundings) -> Found:
    """`t1weight` below 0: the site takes the work of tasks whose nucleus it is."""
    found = around.outside.sites.get(facts.settings.site)
    if found is None:
        return UNTESTED
    if found.t1_weight >= 0 or asked.outgoing.nucleus == found.name:
        return None
    return dropped(f"site {found.name} has the weight {found.t1_weight:g}: nucleus alone", "site.t1_weight", 1.0)
