"""What is kept of a submission's parameters: what the server sets, what a second submission changes, the server's own name.

In: parameters as the client sent them. Out: those that the log keeps (docs/reference/client.md, "Submission"). Pure.
"""

from collections.abc import Collection, Mapping
from typing import Any

from api.log.submitted_parameters import USER_PRIORITY
from identity.identity import Identity
from identity.ruling import PRODUCTION
from schemas.server_address import with_name

#: Parameters that a re-execution takes over from the new submission, beside those that begin with `dsFor`.
# fmt: off
TAKEN_OVER = frozenset(
    (
        "site", "cloud", "includedSite", "excludedSite", "cliParams", "nFiles", "nEvents", "fixedSandbox",
        "currentPriority", "priority", "ramCount", "loopingCheck", "forceStaged", "allowIncompleteInDS",
        "t1Weight", "nEsConsumers", "nMaxFilesPerJob", "nGBPerJob", "noInputPooling", "nFilesPerJob",
        "nEventsPerWorker", "nJumboJobs", "avoidVP", "allowInputLAN", "useLocalIO", "noLoopingCheck",
        "maxCoreCount", "onlyTagsForFC", "useZipToPin", "ignoreMissingInDS", "noAutoPause",
    )
)
# fmt: on


def stored_parameters(parameters: Mapping[str, Any], identity: Identity) -> dict[str, Any]:
    """`parameters` with what the server sets: user name; type and priority unless a production role chose them."""
    stored = dict(parameters)
    production = identity.role == PRODUCTION
    if not production or not stored.get("userName"):
        stored["userName"] = identity.user_name
    if not production or not stored.get("taskType"):
        stored["taskType"] = "anal"
        stored["taskPriority"] = USER_PRIORITY
    if stored.get("official") and not stored.get("workingGroup") and PRODUCTION in identity.roles:
        stored["workingGroup"] = identity.vo
    return stored


def with_server_name(parameters: Mapping[str, Any], own_addresses: Collection[str]) -> dict[str, Any]:
    """`parameters` with the server's name where sandbox and wrappers are at one of its own addresses, which may change."""
    stored = dict(parameters)
    for step in ("buildSpec", "mergeSpec"):
        if isinstance(stored.get(step), dict):
            stored[step] = with_server_name(stored[step], own_addresses)
    for key in ("sourceURL", "transPath"):
        if isinstance(stored.get(key), str):
            stored[key] = with_name(stored[key], own_addresses)
    return stored


def parameters_of_reexecution(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What a second submission under the same name changes in the first."""
    taken = {key: value for key, value in parameters.items() if key in TAKEN_OVER or key.startswith("dsFor")}
    if parameters.get("fixedSandbox") and "sourceURL" in parameters:
        taken["sourceURL"] = parameters["sourceURL"]
    if "loopingCheck" in taken:
        taken["noLoopingCheck"] = not taken.pop("loopingCheck")
    return taken
