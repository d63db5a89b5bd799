"""No group of forged credentials is without a case, and the page about them is as the table."""

from collections import Counter

import pytest

from tests.identity.forged.table import CASES_MIN, GROUPS, PAGE, Group, page, tried
from tests.identity.forged.tokens import CASES


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_every_group_is_tried(group: Group) -> None:
    assert tried(group) >= 3


def test_there_are_sixteen_groups_and_many_cases() -> None:
    assert [group.name for group in GROUPS] == [f"T{number}" for number in range(1, 17)]
    assert sum(tried(group) for group in GROUPS) >= CASES_MIN


def test_every_own_case_has_a_group_and_a_name_of_its_own() -> None:
    assert {case.group for case in CASES} <= {group.name for group in GROUPS}
    assert [name for name, times in Counter((case.group, case.name) for case in CASES).items() if times > 1] == []


def test_the_page_is_as_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.identity.forged.table"
