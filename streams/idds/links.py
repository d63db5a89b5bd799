"""What works hand on to each other: links and global parameters. Pure.

In: attributes of works as plain JSON. Out: new attributes. Nothing is assigned but what a destination has, or what begins with
`user_`. Source: docs/reference/idds.md, "Links and parameters".
"""

from collections.abc import Mapping

from streams.idds.model import Json, ParameterLink, WorkCollection
from streams.idds.vocabulary import USER_PREFIX


def values_of(link: ParameterLink, attributes: Mapping[str, Json]) -> dict[str, Json]:
    """What a link keeps when its source has ended: name at the destination -> value; an attribute that is not there is null."""
    return {destination: _plain(attributes.get(source)) for source, destination in link.parameters}


def _plain(value: Json) -> Json:
    """A collection goes on as its scope and name; an empty value as null."""
    if isinstance(value, WorkCollection):
        return {"scope": value.scope, "name": value.name}
    return value if value or value in (0, False) else None


def assigned(attributes: Mapping[str, Json], values: Mapping[str, Json]) -> dict[str, Json]:
    """The attributes of a destination with the values that links have for it: those that it has, and that are not null."""
    return {**attributes, **{name: value for name, value in values.items() if value is not None and name in attributes}}


def with_globals(
    attributes: Mapping[str, Json], parameters: Mapping[str, Json], sliced: Mapping[str, Mapping[str, Json]]
) -> dict[str, Json]:
    """The attributes of a work before it starts. sliced: name of a list -> `{"name", "index"}` of the member that the work gets,
    under a name that begins with `user_` as well.

    A slice beyond the end of its list, or of what is no list, gives the whole value, as in the reference.
    """
    found = dict(attributes)
    for key, value in parameters.items():
        name, index = sliced.get(key, {}).get("name"), sliced.get(key, {}).get("index")
        under = name if isinstance(name, str) and name.startswith(USER_PREFIX) else key
        found[under] = _sliced(value, index)
    return found


def _sliced(value: Json, index: Json) -> Json:
    if isinstance(value, list) and isinstance(index, int) and not isinstance(index, bool) and 0 <= index < len(value):
        return value[index]
    return value


def refreshed(
    parameters: Mapping[str, Json], output_data: Mapping[str, Json], attributes: Mapping[str, Json]
) -> dict[str, Json]:
    """Global parameters after a work has ended: of its payload's output, else of its attributes, else as before."""
    found = {}
    for key, value in parameters.items():
        short = key.removeprefix(USER_PREFIX)
        found[key] = output_data[short] if short in output_data else attributes.get(key, value)
    return found
