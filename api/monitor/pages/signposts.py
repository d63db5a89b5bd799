"""Pages and what can be done on them, for those who search by a word. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signpost:
    """title and path of a page; words: by which it is found, too."""

    title: str
    path: str
    words: str


SIGNPOSTS: tuple[Signpost, ...] = (
    Signpost("My work", "/", "home own tasks mine waiting failed expected end retry resume"),
    Signpost("Now", "/now/", "dashboard overview counts organisation"),
    Signpost("Tasks", "/tasks/", "list filter kill retry pause resume priority finish many bulk"),
    Signpost("Jobs", "/jobs/", "list filter kill reassign many bulk"),
    Signpost("Compare jobs", "/compare/", "attempts side by side differences"),
    Signpost("Failed jobs of the last day", "/jobs/?jobstatus=failed&hours=24", "failures errors"),
    Signpost("Errors", "/errors/", "causes failures codes diagnostics"),
    Signpost("Queues", "/queues/", "sites computing elements brokerage online offline"),
    Signpost("Workflows", "/workflows/", "idds requests works graph nodes"),
    Signpost("Workers", "/workers/", "pilots batch slots"),
    Signpost("Harvesters", "/harvesters/", "instances orders dialogs"),
    Signpost("Users", "/users/", "people owners"),
    Signpost("Shares", "/shares/", "global shares fair share usage pledge"),
    Signpost("Health", "/health/", "position lag dead letters projections"),
    Signpost("Session", "/session", "role organisation login rights act as"),
)


def signposts_to(text: str, limit: int) -> list[Signpost]:
    """Pages in whose title or words every word of `text` begins a word."""
    sought = text.casefold().split()
    found = [
        one
        for one in SIGNPOSTS
        if sought and all(any(word.startswith(part) for word in f"{one.title} {one.words}".casefold().split()) for part in sought)
    ]
    return found[:limit]
