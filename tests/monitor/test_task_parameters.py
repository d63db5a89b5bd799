"""Parameters of a task on its page: any JSON that its submission held."""

import pytest

from api.monitor.pages.task import shown_parameters


@pytest.mark.parametrize(("stored", "shown"), [('{"a": 1}', {"a": 1}), ("[]", {}), ("7", {}), ("null", {})])
def test_parameters_that_are_no_object_are_shown_as_none(stored: str, shown: dict[str, int]) -> None:
    assert shown_parameters(stored) == shown
