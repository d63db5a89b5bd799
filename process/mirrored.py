"""Names of what a consumer of one organisation reads: topics, its account, its groups. Standard library only.

In: CULM_MIRROR_VOS. Out: the organisations that have a mirror. Guards: every name holds the whole name of the organisation
between ends that it cannot move, so that no name of one begins with or equals a name of another.
"""

import re

from process.settings import SettingRefused, Settings

VARIABLE = "CULM_MIRROR_VOS"
VOS_MAX = 16
#: Aggregates of which each event is of one organisation. Queues and workers are shared: their events hold several.
AGGREGATES = ("task", "job")
_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
_EXPECTED = f"at most {VOS_MAX} different names of letters, digits and dashes, at most 64 each"


def mirrored_vos(settings: Settings) -> tuple[str, ...]:
    """The organisations that have a mirror, in the order of texts; none where it is not set. Raises SettingRefused."""
    found = settings.words(VARIABLE)
    odd = next((vo for vo in found if not _NAME.fullmatch(vo)), None)
    if odd is not None:
        raise SettingRefused(f"{VARIABLE} holds {odd[:80]!r}, expected {_EXPECTED}")
    if len(set(found)) != len(found) or len(found) > VOS_MAX:
        raise SettingRefused(f"{VARIABLE} holds {len(found)} names, expected {_EXPECTED}")
    return tuple(sorted(found))


def sources() -> tuple[str, ...]:
    """Topics that are copied."""
    return tuple(f"culm.{aggregate}.events.v1" for aggregate in AGGREGATES)


def copy_of(topic: str, vo: str) -> str:
    """The topic that holds what is of `vo` in `topic`: `culm.vo.atlas.task.events.v1`."""
    return f"culm.vo.{vo}.{topic.removeprefix('culm.')}"


def account_of(vo: str) -> str:
    """Who reads the copies of `vo`, and nothing else."""
    return f"{ACCOUNTS}{vo}"


def groups_of(vo: str) -> str:
    """How the names of the consumer groups of `vo` begin; a name cannot hold the dot at the end."""
    return f"consumer.{vo}."


def group_of_mirror(vo: str) -> str:
    """The group that has the mirror's positions."""
    return f"culm-mirror-{vo}"


#: How the names of these accounts begin.
ACCOUNTS = "culm_vo_"
