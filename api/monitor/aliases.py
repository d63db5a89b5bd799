"""Paths that BigPanDA's users have in their bookmarks, each with the page of ours that answers the same question (monitor 2)."""

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

#: Route -> path of ours; `{...}` are names in both. A name after `?` becomes a filter.
ALIASES: Mapping[str, str] = {
    "/sites/": "/queues/",
    "/site/{queue}/": "/queue/{queue}/",
    "/dash/region/": "/queues/",
    "/dash/region/{kind}/": "/queues/",
    "/status_summary/": "/queues/",
    "/harvester/workers/": "/workers/",
    "/harvester/instances/": "/harvesters/",
    "/harvester/worker/": "/workers/",
    "/globalshares/": "/shares/",
    "/workQueues/": "/shares/",
    "/errorsscat/": "/errors/",
    "/user/{username}/": "/tasks/?username",
    "/userProfile/{produsername}/": "/jobs/?produsername",
    "/wns/{computingsite}/": "/jobs/?computingsite",
    "/wn/{computingsite}/{modificationhost}/": "/jobs/?computingsite&modificationhost",
    "/taskprofile/{task}/": "/task/{task}/",
    "/taskflow/{task}/": "/task/{task}/",
    "/taskstatuslog/{task}/": "/task/{task}/",
    "/tasklogs/{task}/": "/task/{task}/",
    "/jobstatuslog/{job}/": "/job/{job}/",
    "/idds/": "/workflows/",
    "/idds/wfprogress/": "/workflows/",
    "/compare/jobs/": "/compare/",
    "/jobrelationships/{job}/": "/job/{job}/",
    "/runningprodtasks/": "/tasks/",
    "/task/": "/tasks/",
    "/job/": "/jobs/",
    "/search": "/search/",
}


def canonical(path: str, given: Mapping[str, str]) -> str:
    """Where the path of an alias leads, with its filters."""
    parameters = dict(given)
    if path in ("/task/", "/job/"):
        return _by_parameters(path, parameters)
    if path == "/harvester/worker/":
        return _workers_of_harvester(parameters)
    for route, target in ALIASES.items():
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route), path)
        if found is not None:
            template, _, filters = target.partition("?")
            names = found.groupdict()
            place = template.format(**{name: quote(value, safe="") for name, value in names.items()})
            return _with(place, {name: names[name] for name in filters.split("&") if name} | parameters)
    raise AssertionError(f"{path} is routed here and is no alias")


def _by_parameters(path: str, parameters: dict[str, str]) -> str:
    """`/task/?jeditaskid=1`, `/job/?pandaid=1`: to the one thing, else to the list."""
    name, one, many = ("jeditaskid", "/task/", "/tasks/") if path == "/task/" else ("pandaid", "/job/", "/jobs/")
    number = parameters.get(name, "")
    if number.isdecimal():
        del parameters[name]
        return _with(f"{one}{number}/", parameters)
    return _with(many, parameters)


def _workers_of_harvester(parameters: dict[str, str]) -> str:
    """`/harvester/worker/?harvesterid=h&workerid=7`: a Harvester numbers its workers, Culm calls them `h:7`."""
    harvester, number = parameters.pop("harvesterid", ""), parameters.pop("workerid", "")
    if harvester:
        parameters["harvesterinstance"] = harvester
    if number:
        parameters["workerid"] = f"{harvester}:{number}" if harvester and number.isdecimal() else number
    return _with("/workers/", parameters)


def _with(path: str, parameters: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path
