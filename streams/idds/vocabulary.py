"""Which classes, methods and attributes a request may name. They are tags: nothing of them is imported or called. Pure.

Source: docs/reference/idds.md, "Grammar of requests" and "Conditions".
"""

from collections.abc import Mapping
from enum import StrEnum


class ObjectKind(StrEnum):
    """What an object of a request stands for."""

    WORKFLOW = "workflow"
    WORKFLOW_BASE = "workflow base"
    CONDITION = "condition"
    LINK = "parameter link"
    WORK = "work"
    COLLECTION = "collection"
    PROCESSING = "processing"
    METADATA = "metadata"
    FUNCTION = "function"
    CONTEXT = "context of a function"


_CONDITIONS = ("CompositeCondition", "AndCondition", "OrCondition", "Condition", "TemplateCondition")
_ATLAS_WORKS = (
    "ATLASActuatorWork", "ATLASCondorWork", "ATLASHPOWork", "ATLASLocalPandaWork", "ATLASPandaWork", "ATLASStageinWork",
)  # fmt: skip


def _of_workflows(module: str) -> dict[tuple[str, str], ObjectKind]:
    return {
        **{(f"{module}.workflow", name): ObjectKind.WORKFLOW for name in ("Workflow", "SubWorkflow", "LoopWorkflow")},
        (f"{module}.workflow", "WorkflowBase"): ObjectKind.WORKFLOW_BASE,
        **{(f"{module}.workflow", name): ObjectKind.CONDITION for name in _CONDITIONS},
        (f"{module}.workflow", "ParameterLink"): ObjectKind.LINK,
        (f"{module}.work", "Work"): ObjectKind.WORK,
        (f"{module}.datawork", "DataWork"): ObjectKind.WORK,
        (f"{module}.processingwork", "ProcessingWork"): ObjectKind.WORK,
        (f"{module}.work", "Collection"): ObjectKind.COLLECTION,
        (f"{module}.work", "Processing"): ObjectKind.PROCESSING,
    }


def _of_projects(version: str) -> dict[tuple[str, str], ObjectKind]:
    doma, atlas = f"idds.doma.{version}", f"idds.atlas.{version}"
    return {
        (f"{doma}.domapandawork", "DomaPanDAWork"): ObjectKind.WORK,
        (f"{doma}.domapandawork", "DomaCondition"): ObjectKind.CONDITION,
        **{(f"{atlas}.{name.lower()}", name): ObjectKind.WORK for name in _ATLAS_WORKS},
        (f"{atlas}.atlasdagwork", "DomaLSSTWork"): ObjectKind.WORK,
        (f"{atlas}.atlasdagwork", "DomaCondition"): ObjectKind.CONDITION,
    }


#: (module, class) -> what it stands for. Anything else is refused.
CLASSES: Mapping[tuple[str, str], ObjectKind] = {
    **_of_workflows("idds.workflowv2"),
    **_of_workflows("idds.workflow"),
    **_of_projects("workflowv2"),
    **_of_projects("workflow"),
    ("idds.doma.workflowv2.domapandaeswork", "DomaPanDAESWork"): ObjectKind.WORK,
    ("idds.doma.workflowv2.domaruciowork", "DomaRucioWork"): ObjectKind.WORK,
    ("idds.doma.workflowv2.domadatawork", "DomaDataWork"): ObjectKind.WORK,
    ("idds.common.dict_class", "DictMetadata"): ObjectKind.METADATA,
    ("idds.workflow.base", "IDDSMetadata"): ObjectKind.METADATA,
    ("idds.workflowv2.base", "IDDSMetadata"): ObjectKind.METADATA,
    ("idds.iworkflow.base", "IDDSMetadata"): ObjectKind.METADATA,
    ("idds.iworkflow.workflow", "Workflow"): ObjectKind.FUNCTION,
    ("idds.iworkflow.work", "Work"): ObjectKind.FUNCTION,
    ("idds.iworkflow.workflow", "WorkflowContext"): ObjectKind.CONTEXT,
    ("idds.iworkflow.work", "WorkContext"): ObjectKind.CONTEXT,
}
OF_ENDS = frozenset({
    "is_finished", "is_subfinished", "is_processed", "is_failed", "is_cancelled", "is_suspended", "is_expired", "is_terminated",
})  # fmt: skip
OF_CUSTOM = frozenset({"get_custom_condition_status", "get_not_custom_condition_status"})
#: What a condition may ask of a work, of a workflow (its ends only) and of another condition.
OF_WORKS = OF_ENDS | OF_CUSTOM | {"is_started", "is_starting", "is_running", "my_condition"}
OF_CONDITIONS = frozenset({"is_condition_true", "is_condition_false", "get_condition_status"})
METHODS = OF_WORKS | OF_CONDITIONS
#: Attributes that users define begin so; conditions, links and global parameters reach no others by name.
USER_PREFIX = "user_"
