"""Data becomes HTML: one Jinja environment in which every text is escaped, and pages cut into regions.

Times are written as `<time>` in UTC; the browser shows them in the viewer's zone. Text of users never becomes markup:
escaping is on for every template, and nothing is marked safe but what this module makes.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from api.monitor.links import exactly, link, path_word
from api.monitor.offers import possible_actions
from api.monitor.page import Data, MonitorPage, PageView
from api.monitor.pages.words import MEANINGS, SHAPES, group_of
from schemas.instants import MICROSECONDS
from schemas.times import datetime_of, utc, utc_words

FOLDER = Path(__file__).parent


def when(micros: int | None) -> Markup:
    """A time of the read models as an element; a dash for none."""
    if micros is None:
        return Markup("–")
    if datetime_of(micros) is None:
        return escape(utc_words(micros))
    return Markup('<time datetime="{}">{}</time>').format(utc(micros), utc_words(micros))


def when_iso(text: str) -> Markup:
    """A time that is already a text of the API's, as an element."""
    return Markup('<time datetime="{}">{}</time>').format(text, text)


def lasting(micros: int | None) -> str:
    """A duration in words of at most two units."""
    if micros is None:
        return "–"
    seconds = micros / MICROSECONDS
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def number(value: float | None) -> str:
    """A number with its thousands apart; a dash for none."""
    return "–" if value is None else f"{value:,}"


def state(word: str | None, kind: str = "") -> Markup:
    """A state as word, shape and colour; its meaning on hover."""
    if not word:
        return Markup("–")
    group = group_of(word, kind)
    meaning = MEANINGS.get(f"{kind}.{word}", "")
    return Markup('<span class="state {}" title="{}"><span class="shape" aria-hidden="true">{}</span>{}</span>').format(
        group, meaning, SHAPES[group], word
    )


def job_kind(kind: str) -> str:
    """The kind of a job as PanDA's people call it: build, run, merge."""
    return "run" if kind == "NORMAL" else kind.lower()


def shown(value: Any) -> str:
    """Any value as a short text."""
    if value is None:
        return "–"
    text = orjson.dumps(value).decode() if isinstance(value, (dict, list)) else str(value)
    return text if len(text) <= 300 else f"{text[:297]}..."


def value_of(value: Any, name: str) -> str | Markup:
    """A value of a column: times as times."""
    return when(value) if name.endswith("_at") and isinstance(value, int) else shown(value)


def json_attribute(value: Any) -> Markup:
    """A value as JSON for an attribute that scripts read."""
    return escape(orjson.dumps(value, default=str).decode())


@cache
def environment() -> Environment:
    """The templates with what they may call; one for the process, since to translate them takes longer than to render a page."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        when=when,
        when_iso=when_iso,
        lasting=lasting,
        number=number,
        state=state,
        shown=shown,
        value_of=value_of,
        job_kind=job_kind,
        path_word=path_word,
        exactly=exactly,
        json_attribute=json_attribute,
    )
    made.globals.update(link=link, possible_actions=possible_actions)
    # Macros are global, so that a region can be rendered without the rest of its page.
    parts = made.get_template("parts.html").module
    made.globals.update({name: getattr(parts, name) for name in dir(parts) if not name.startswith("_")})
    return made


class Renderer:
    """Pages and their regions as HTML."""

    def __init__(self) -> None:
        self._environment = environment()

    def page(self, page: MonitorPage, view: PageView, data: Data, about: Mapping[str, Any]) -> str:
        """The whole page. about: what the frame shows: position, who looks."""
        return self._environment.get_template(f"{page.name}.html").render(
            {"page": page, "title": page.title(data), "view": view, "about": about, **data}
        )

    def regions(self, page: MonitorPage, view: PageView, data: Data) -> dict[str, str]:
        """The regions by name."""
        template = self._environment.get_template(f"{page.name}.html")
        context = {"page": page, "title": page.title(data), "view": view, "about": {}, **data}
        made = template.new_context(context)
        return {name: "".join(template.blocks[name](made)) for name in page.regions}

    def other(self, name: str, **context: Any) -> str:
        """A page that is no `MonitorPage`: login, errors, actions."""
        return self._environment.get_template(name).render(context)


def version_of(regions: Mapping[str, str]) -> str:
    """A short name of what is shown; equal regions have equal names."""
    digest = hashlib.blake2b(digest_size=8)
    for name in sorted(regions):
        digest.update(name.encode() + b"\0" + regions[name].encode() + b"\0")
    return digest.hexdigest()
