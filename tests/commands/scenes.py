"""The runs of whole tasks that other tests play again, by name."""

from collections.abc import Callable
from inspect import signature
from types import ModuleType
from typing import Any

from tests.commands import test_secondary_input, test_task_actions, test_task_merges, test_task_saga

MODULES: tuple[ModuleType, ...] = (test_task_saga, test_task_actions, test_task_merges, test_secondary_input)
SCENES: dict[str, Callable[[], Any]] = {
    name: scene
    for module in MODULES
    for name, scene in sorted(vars(module).items())
    if name.startswith("test_") and not signature(scene).parameters
}
