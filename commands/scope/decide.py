"""What a scope says to a command. Guards: files of a scope are of one organisation, those of `user.NAME` of one person.

A scope `VO@WORD` is of the organisation that it names, whether it was used before or not; a shared word alone is of no one.
Who has a scope is not told to those who have not. A task whose outputs would have a scope of another breaks.
"""

from typing import assert_never

from commands.decision import Decision, FollowUp, accept, refuse
from commands.scope.model import FileScope
from identity.rights import acts_for_others
from identity.ruling import SYSTEM
from schemas.scope import AssignScope, ClaimScope, ScopeAssigned, ScopeClaimed, ScopeCommand
from schemas.scopes import OWN, is_of_other_organisation, is_personal, is_shared, name_for, problem_of_scope
from schemas.task import BreakTask
from schemas.types import CommandEnvelope

NOT_OWN, BAD_SCOPE = "SCOPE_NOT_OWN", "BAD_SCOPE"


def decide(scope: FileScope, command: ScopeCommand, by: CommandEnvelope) -> Decision:
    """Answer `command` against `scope`."""
    match command:
        case ClaimScope():
            return claim(scope, command, by)
        case AssignScope():
            return assign(scope, command, by)
        case _:
            assert_never(command)


def claim(scope: FileScope, command: ClaimScope, by: CommandEnvelope) -> Decision:
    """Use the scope; the first to do so has it, and of `user.NAME` the first who is called NAME."""
    name = by.aggregate_id
    if problem := problem_of_scope(name):
        return _refused(command, BAD_SCOPE, problem)
    if name == OWN:
        return _refused(command, NOT_OWN, f"scope {name} is Culm's own; choose another name")
    if scope.vo is None and is_shared(name):
        return _refused(command, NOT_OWN, f"scope {name} is a word that all organisations use; choose {name_for(name, by.vo)}")
    is_called_so = is_personal(name) and name.partition(".")[2] == command.nickname
    if is_called_so and not scope.is_settled:
        return accept(ScopeClaimed(by_nickname=True))
    if scope.vo is None and not is_of_other_organisation(name, by.vo):
        return accept(ScopeClaimed())
    if scope.vo != by.vo:
        return _refused(command, NOT_OWN, f"scope {name} belongs to another organisation; choose another name")
    # Culm claims for the owner of a task: that helps no one to a scope of another.
    by_role = by.role != SYSTEM and acts_for_others(by)
    if is_personal(name) and scope.owner not in (by.actor, *by.linked_actors, *_of_task(command, by)) and not by_role:
        return _refused(command, NOT_OWN, f"scope {name} belongs to another user; choose another name")
    return accept()


def _of_task(command: ClaimScope, by: CommandEnvelope) -> tuple[str, ...]:
    """The other ids of a task's owner, which Culm alone says; of a claim by a person, the envelope does."""
    return command.linked_actors if by.role == SYSTEM else ()


def assign(scope: FileScope, command: AssignScope, by: CommandEnvelope) -> Decision:
    """Give the scope to `new_vo`."""
    name = by.aggregate_id
    if problem := problem_of_scope(name):
        return refuse(BAD_SCOPE, problem)
    if is_personal(name) != (command.new_owner is not None):
        expected = "a person" if is_personal(name) else "none"
        return refuse("BAD_OWNER", f"new_owner of scope {name} is {command.new_owner!a}, expected {expected}")
    if (scope.vo, scope.owner) == (command.new_vo, command.new_owner):
        return accept()
    return accept(ScopeAssigned(new_vo=command.new_vo, new_owner=command.new_owner))


def _refused(command: ClaimScope, reason: str, message: str) -> Decision:
    if command.task_id is None:
        return refuse(reason, message)
    breaks = FollowUp(str(command.task_id), BreakTask(reason=reason, message=f"the task cannot write its outputs: {message}"))
    return refuse(reason, message, follow_ups=(breaks,))
