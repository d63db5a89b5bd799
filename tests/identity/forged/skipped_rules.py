"""A verifier that skips one of its rules, for every rule that it has.

In: a module of `identity/`. Out: the module once for each `raise` of a refusal in it, with that one left out. So a rule that is
added later is skipped, too, and needs a case that finds it.
"""

import ast
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

REFUSALS = frozenset({"CertificateRefused", "TokenRefused"})
SENTENCE_LENGTH = 70


@dataclass(frozen=True, slots=True)
class SkippedRule:
    """One rule of `module`, at a line of it; sentence: the refusal as the code has it."""

    module: ModuleType
    line: int
    sentence: str

    @property
    def name(self) -> str:
        """For the name of a test: the module and the sentence."""
        return f"{self.module.__name__.rpartition('.')[2]}-{self.sentence[:SENTENCE_LENGTH]}"

    def module_without(self) -> ModuleType:
        """The module as it is, but for this rule."""
        tree = ast.fix_missing_locations(_Skipping(self.line).visit(ast.parse(inspect.getsource(self.module))))
        made = ModuleType(f"{self.module.__name__}_without_{self.line}")
        sys.modules[made.__name__] = made  # dataclasses look for the module of their class
        try:
            exec(compile(tree, str(self.module.__file__), "exec"), made.__dict__)
        finally:
            del sys.modules[made.__name__]
        return made


class _Skipping(ast.NodeTransformer):
    """Leaves out what is raised at one line."""

    def __init__(self, line: int) -> None:
        self._line = line

    def visit_Raise(self, node: ast.Raise) -> ast.stmt:
        """`pass` in its place."""
        return ast.copy_location(ast.Pass(), node) if node.lineno == self._line else node


def rules_of(module: ModuleType) -> Iterator[SkippedRule]:
    """Every rule of `module`, in the order of its lines."""
    raised = (node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Raise))
    rules = (
        SkippedRule(module, node.lineno, ast.unparse(node.exc.args[0]))
        for node in raised
        if isinstance(node.exc, ast.Call) and _name(node.exc.func) in REFUSALS
    )
    yield from sorted(rules, key=lambda rule: rule.line)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""
