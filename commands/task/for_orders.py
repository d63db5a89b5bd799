"""A task's definition as far as an order carries it: what its jobs need of a queue, and how its input is cut into them. Pure.

What feeding needs (names and patterns of input) and the texts of the jobs, which the task puts in itself, stand in the task
alone: an order is written for each 500 input units, and read by all who follow the task.
"""

from commands.sizes import bytes_of, first_part
from schemas.records import replace
from schemas.types import TaskDefinition

#: Of the definition in an order. Only lists of sites can be more.
IN_ORDERS_BYTES_MAX = 20_000
#: Of the names of datasets by whose replicas a nucleus is chosen.
DATASETS_MAX, DATASETS_BYTES_MAX = 100, 8_000


def for_orders(definition: TaskDefinition) -> TaskDefinition:
    """`definition` with its requirements and rules; of datasets and physical names one is left, to say that there are some.

    While a nucleus is to be chosen the names of the input datasets are left, as far as they go into DATASETS_BYTES_MAX.
    """
    choosing = definition.nucleus_wanted and definition.requirements.nucleus is None
    return replace(
        definition,
        parameters="",
        source_url="",
        input_datasets=_datasets(definition) if choosing else definition.input_datasets[:1],
        input_include=(),
        input_exclude=(),
        input_files=(),
        pfn_list=definition.pfn_list[:1],
        outputs=(),
        secondaries=tuple(replace(one, include=(), exclude=(), files=()) for one in definition.secondaries),
        build=None,
        merge=None,
        multi_step_json=None,
        container_name=None,
    )


def _datasets(definition: TaskDefinition) -> tuple[str, ...]:
    found = first_part(definition.input_datasets, DATASETS_MAX, DATASETS_BYTES_MAX, lambda name: len(name.encode()))
    return tuple(found) or definition.input_datasets[:1]


def texts_bytes(definition: TaskDefinition) -> int:
    """What the texts of one job may come to before names are put in: the definition without its long lists of names."""
    return bytes_of(replace(definition, pfn_list=definition.pfn_list[:1], input_files=(), secondaries=()))


def too_large_for_orders(definition: TaskDefinition) -> str:
    """Why no order could carry the definition; empty when it can."""
    size = bytes_of(for_orders(replace(definition, nucleus_wanted=False)))
    if size <= IN_ORDERS_BYTES_MAX:
        return ""
    required = definition.requirements
    sites = len(required.included_sites) + len(required.excluded_sites)
    return f"its {sites:,} sites and requirements have {size:,} bytes, expected at most {IN_ORDERS_BYTES_MAX:,}"
