"""Datasets whose names begin with a word that several organisations use: each organisation has its own of them. Pure.

In: a definition as the parameters of a task mean it, and the task's organisation. Out: the definition with
`lsst@PandaJob.out` in place of PandaJob.out, in input and output alike, and the scopes of its outputs accordingly, so that
neither a dataset nor a place in a storage element is that of another organisation (docs/decisions/0045).
"""

from schemas.records import replace
from schemas.scopes import name_for, scope_of
from schemas.types import OutputTemplate, TaskDefinition


def with_own_words(definition: TaskDefinition, vo: str) -> TaskDefinition:
    """`definition` with the names that its datasets have in the organisation `vo`."""
    inputs = tuple(name_for(name, vo) for name in definition.input_datasets)
    secondaries = (replace(one, datasets=tuple(name_for(name, vo) for name in one.datasets)) for one in definition.secondaries)
    outputs = (_own(output, vo) for output in definition.outputs)
    return replace(definition, input_datasets=inputs, outputs=tuple(outputs), secondaries=tuple(secondaries))


def _own(output: OutputTemplate, vo: str) -> OutputTemplate:
    name = name_for(output.dataset, vo)
    return output if name == output.dataset else replace(output, dataset=name, scope=scope_of(name))
