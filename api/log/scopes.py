"""Scopes of files that a user registers: claimed before the files are, so that no one names the files of another.

In: a command to register files. Out: nothing; the scope of the dataset and those of its files are the user's, or its
organisation's, from then on (`commands/scope/`). Guards: nothing is registered where one of them is not.
"""

from api.http.errors import AccessDenied, BadRequest, LogUnavailable, OutcomeUnknown
from api.log.gateway import CommandGateway, check_command
from identity.identity import Identity
from identity.rights import acting_role
from schemas.dataset import RegisterFiles
from schemas.scope import ClaimScope
from schemas.scopes import dataset_name, problem_of_scope, scope_of

SCOPES_MAX = 20


async def claim_scopes(
    gateway: CommandGateway, command: RegisterFiles, dataset: str, identity: Identity, wait_seconds: float
) -> None:
    """Return once `identity` may register the files of `command` in `dataset`.

    Raises BadRequest for a scope that files cannot have and for more than SCOPES_MAX of them, AccessDenied for one of another,
    LogUnavailable when it cannot be known.
    """
    check_command(command, dataset)
    scopes = list(dict.fromkeys([scope_of(dataset_name(dataset)), *(file.scope for file in command.files)]))
    if len(scopes) > SCOPES_MAX:
        raise BadRequest(f"files: found {len(scopes):,} scopes, expected at most {SCOPES_MAX} in one command")
    for scope in scopes:
        if problem := problem_of_scope(scope):
            raise BadRequest(f"files of dataset {dataset[:100]}: {problem}")
    role = acting_role(identity, by_membership=True)
    for scope in scopes:
        try:
            answer = await gateway.submit(
                ClaimScope(nickname=identity.nickname), scope, identity, role=role, wait_seconds=wait_seconds, only_in_time=True
            )
        except OutcomeUnknown as problem:
            raise LogUnavailable(f"{problem.what}; no file was registered", retry_after_seconds=5) from problem
        assert answer is not None, "a command that is only of use in time was not answered"
        if not answer.accepted:
            raise AccessDenied(answer.message or f"scope {scope} is not yours")
