"""Names of what a consumer of one organisation reads are of that organisation alone."""

from itertools import permutations

import pytest

from process.mirrored import account_of, copy_of, group_of_mirror, groups_of, mirrored_vos, sources
from process.settings import SettingRefused, Settings


def test_organisations_are_named_in_one_variable() -> None:
    assert mirrored_vos(Settings({})) == ()
    assert mirrored_vos(Settings({"CULM_MIRROR_VOS": "cms, atlas"})) == ("atlas", "cms")


@pytest.mark.parametrize(
    "found",
    ["a.b", "a_b", "a*", "a:b", "../a", "\u00e4", "x" * 65, "atlas,atlas", ",".join(f"vo{number}" for number in range(17))],
)
def test_a_name_that_could_be_taken_for_another_is_refused(found: str) -> None:
    with pytest.raises(SettingRefused, match=r"CULM_MIRROR_VOS holds .*, expected at most 16 different names of letters"):
        mirrored_vos(Settings({"CULM_MIRROR_VOS": found}))


def test_each_name_is_of_one_organisation() -> None:
    assert copy_of("culm.task.events.v1", "atlas") == "culm.vo.atlas.task.events.v1"
    for one, other in permutations(("a", "a-b", "a-b-c", "b", "task", "vo"), 2):
        assert not groups_of(other).startswith(groups_of(one))
        names = {(account_of(vo), group_of_mirror(vo), *(copy_of(topic, vo) for topic in sources())) for vo in (one, other)}
        assert len({name for several in names for name in several}) == 8
