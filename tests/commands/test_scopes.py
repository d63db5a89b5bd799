"""Scopes: whose files have one, and what becomes of those who use another's."""

import pytest

from schemas.records import replace
from schemas.scope import AssignScope, ClaimScope
from schemas.task import RefineTask, TaskFinalized
from schemas.types import DatasetRole, OutputTemplate, TaskVerdict
from streams.jedi.shared_words import with_own_words
from tests.commands.builders import TASK, a_definition, a_queue, a_running_task, a_submission
from tests.commands.in_memory import Culm, a_culm


def an_output(dataset: str, scope: str) -> OutputTemplate:
    """An output template."""
    return OutputTemplate(stream="OUTPUT0", role=DatasetRole.OUTPUT, dataset=dataset, scope=scope, name_template="o.${SN}")


def refined(culm: Culm, scope: str) -> None:
    """Let the task TASK of jdoe come to its definition, with outputs of `scope`."""
    a_queue(culm)
    culm.send(a_submission(), str(TASK))
    definition = a_definition(outputs=(an_output(f"{scope}.out", scope),), parameters="-o ${OUTPUT0}")
    culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system")


def test_a_scope_belongs_to_the_organisation_that_claimed_it_first_which_is_not_told() -> None:
    culm = a_culm()
    culm.send(ClaimScope(), "mc23", vo="lsst", actor="mallory")

    answer = culm.send(ClaimScope(), "mc23")

    assert (answer.reason, answer.message) == ("SCOPE_NOT_OWN", "scope mc23 belongs to another organisation; choose another name")


def test_all_members_of_an_organisation_use_its_scopes() -> None:
    culm = a_culm()
    culm.send(ClaimScope(), "mc23")

    again = culm.send(ClaimScope(), "mc23", actor="ann")

    assert (again.accepted, again.event_types) == (True, ())


@pytest.mark.parametrize(("actor", "role", "accepted"), [
    ("jdoe", "user", True), ("ann", "user", False), ("ann", "pilot", False), ("ann", "production", True),
    ("ops", "operator", True),
])  # fmt: skip
def test_a_personal_scope_belongs_to_one_person(actor: str, role: str, accepted: bool) -> None:
    culm = a_culm()
    culm.send(ClaimScope(), "user.jdoe")

    assert culm.send(ClaimScope(), "user.jdoe", actor=actor, role=role).accepted is accepted


def test_a_personal_scope_is_also_of_the_linked_ids_of_its_person() -> None:
    culm = a_culm()
    culm.send(ClaimScope(), "user.jdoe", actor="certificate")

    linked = culm.send(ClaimScope(), "user.jdoe", linked_actors=("certificate",))
    said_so = culm.send(ClaimScope(linked_actors=("certificate",)), "user.jdoe")

    assert (linked.accepted, said_so.reason) == (True, "SCOPE_NOT_OWN")


@pytest.mark.parametrize("vo", ["wlcg", "lsst"])
def test_a_personal_scope_goes_to_the_first_who_is_called_so(vo: str) -> None:
    culm = a_culm()
    culm.send(ClaimScope(nickname="mallory"), "user.jdoe", vo=vo, actor="mallory")

    taken = culm.send(ClaimScope(nickname="jdoe"), "user.jdoe")
    again = culm.send(ClaimScope(nickname="jdoe"), "user.jdoe")

    assert (taken.event_types, again.event_types) == (("ScopeClaimed",), ())
    assert not culm.send(ClaimScope(nickname="mallory"), "user.jdoe", vo=vo, actor="mallory").accepted
    assert not culm.send(ClaimScope(nickname="jdoe"), "user.jdoe", vo="lsst", actor="another-jdoe").accepted
    assert culm.send(ClaimScope(), "user.jdoe", actor="certificate", linked_actors=("jdoe",)).accepted


def test_what_an_administrator_gave_is_not_taken_by_a_nickname() -> None:
    culm = a_culm()
    culm.send(AssignScope(new_vo="wlcg", new_owner="ann"), "user.jdoe", actor="root", role="administrator")

    assert culm.send(ClaimScope(nickname="jdoe"), "user.jdoe").reason == "SCOPE_NOT_OWN"


def test_a_nickname_is_compared_with_personal_scopes_alone() -> None:
    culm = a_culm()
    culm.send(ClaimScope(), "group.phys", vo="lsst", actor="mallory")

    assert culm.send(ClaimScope(nickname="phys"), "group.phys").reason == "SCOPE_NOT_OWN"


def test_a_task_takes_the_personal_scope_of_its_owner_from_one_of_another_name() -> None:
    culm = a_culm()
    culm.send(ClaimScope(nickname="mallory"), "user.jdoe", vo="lsst", actor="mallory")

    refined(culm, "user.jdoe")

    scope = culm.state("scope", "user.jdoe")
    assert (scope.vo, scope.owner, culm.state("task", TASK).status) == ("wlcg", "jdoe", "ready")


@pytest.mark.parametrize("linked", [True, False])
def test_a_task_writes_where_the_linked_ids_of_its_owner_may(linked: bool) -> None:
    culm = a_culm()
    culm.send(ClaimScope(), "user.jdoe", actor="certificate")
    a_queue(culm)
    culm.send(a_submission(nickname="jd"), str(TASK), linked_actors=("certificate",) if linked else ())
    definition = a_definition(outputs=(an_output("user.jdoe.out", "user.jdoe"),), parameters="-o ${OUTPUT0}")

    culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system")

    assert (culm.state("task", TASK).status == "broken") is not linked


@pytest.mark.parametrize("scope", ["user", "user.a.b", "group", "user..jdoe", "a/b", "a:b", "x#{y}", "mc."])
def test_a_scope_that_could_be_the_folder_of_another_is_refused(scope: str) -> None:
    answer = a_culm().send(ClaimScope(), scope)

    assert answer.reason == "BAD_SCOPE"
    assert f"{scope!r}, expected" in (answer.message or "")


def test_the_scope_of_culm_itself_is_claimed_by_no_one() -> None:
    answer = a_culm().send(ClaimScope(), "panda")

    assert (answer.reason, answer.message) == ("SCOPE_NOT_OWN", "scope panda is Culm's own; choose another name")


def test_an_administrator_gives_a_scope_back_to_its_owner() -> None:
    culm = a_culm()
    culm.send(ClaimScope(), "user.jdoe", vo="lsst", actor="mallory")

    given = culm.send(AssignScope(new_vo="wlcg", new_owner="jdoe"), "user.jdoe", actor="root", role="administrator")

    assert given.event_types == ("ScopeAssigned",)
    assert culm.send(ClaimScope(), "user.jdoe").accepted
    assert not culm.send(ClaimScope(), "user.jdoe", vo="lsst", actor="mallory").accepted


@pytest.mark.parametrize("role", ["user", "operator", "production", "pilot"])
def test_no_one_else_gives_scopes_away(role: str) -> None:
    assert a_culm().send(AssignScope(new_vo="wlcg"), "mc23", role=role).reason == "NOT_PERMITTED"


@pytest.mark.parametrize(("scope", "owner", "found"), [
    ("user.jdoe", None, "expected a person"), ("mc23", "jdoe", "expected none"),
])  # fmt: skip
def test_a_scope_is_given_to_a_person_only_when_it_has_the_form(scope: str, owner: str | None, found: str) -> None:
    answer = a_culm().send(AssignScope(new_vo="wlcg", new_owner=owner), scope, role="administrator")

    assert answer.reason == "BAD_OWNER"
    assert found in (answer.message or "")


def test_a_task_claims_the_scopes_of_its_outputs_for_its_owner() -> None:
    culm = a_running_task()

    scope = culm.state("scope", "user.jdoe")

    assert (scope.vo, scope.owner) == ("wlcg", "jdoe")


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize(("vo", "whose"), [("lsst", "another organisation"), ("wlcg", "another user")])
def test_a_task_that_would_write_into_the_scope_of_another_breaks(vo: str, whose: str, inline: bool) -> None:
    culm = a_culm(inline=inline)
    culm.send(ClaimScope(), "user.ann", vo=vo, actor="ann")

    refined(culm, "user.ann")

    final = culm.last(TaskFinalized)
    assert final.verdict is TaskVerdict.BROKEN
    assert final.message == f"the task cannot write its outputs: scope user.ann belongs to {whose}; choose another name"


@pytest.mark.parametrize("scope", ["", "a/b", "user"])
def test_a_task_whose_outputs_have_no_proper_scope_breaks(scope: str) -> None:
    culm = a_culm()

    refined(culm, scope)

    assert culm.last(TaskFinalized).message.startswith(f"the task cannot write its outputs: scope {scope!r}, expected")


def test_a_task_claims_each_scope_once() -> None:
    culm = a_culm()
    a_queue(culm)
    culm.send(a_submission(), str(TASK))
    names = (("mc23.a", "mc23"), ("data.b", "data"), ("mc23.c", "mc23"))
    outputs = tuple(replace(an_output(*of), stream=f"OUTPUT{place}") for place, of in enumerate(names))
    definition = a_definition(outputs=outputs, parameters="x")

    culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system")

    assert culm.names().count("ScopeClaimed") == 2


@pytest.mark.parametrize(("scope", "vo", "accepted"), [
    ("lsst@PandaJob_", "lsst", True), ("lsst@PandaJob_", "wlcg", False), ("lsst@mc23", "wlcg", False),
    ("vo+cta@PandaJob", "vo.cta", True), ("vo+cta@PandaJob", "cta", False), ("lsst@PandaJob_", "lsst@PandaJob_", False),
    ("@mc23", "wlcg", False), ("user.jane@home", "wlcg", True),
])  # fmt: skip
def test_a_scope_that_names_an_organisation_is_of_no_other(scope: str, vo: str, accepted: bool) -> None:
    assert a_culm().send(ClaimScope(), scope, vo=vo).accepted is accepted


@pytest.mark.parametrize("scope", ["PandaJob", "PandaJob_", "PandaJob_17"])
def test_a_word_that_all_organisations_use_is_taken_by_none(scope: str) -> None:
    answer = a_culm().send(ClaimScope(), scope, vo="lsst")

    expected = f"scope {scope} is a word that all organisations use; choose lsst@{scope}"
    assert (answer.reason, answer.message) == ("SCOPE_NOT_OWN", expected)


def test_tasks_of_two_organisations_write_into_words_of_their_own_by_the_same_parameters() -> None:
    culm = a_culm()
    written = []
    for number, vo in enumerate(("wlcg", "lsst")):
        task = TASK + number
        culm.send(a_submission(task_id=task, name=f"user.jdoe.{vo}/"), str(task), vo=vo)
        definition = a_definition(outputs=(an_output("PandaJob_#{pandaid}", "PandaJob_"),), parameters="-o ${OUTPUT0}")
        own = with_own_words(definition, vo)
        culm.send(RefineTask(definition=own, parameters_revision=0), str(task), vo=vo, role="system")
        written += [(output.scope, output.dataset) for output in culm.state("task", task).definition.outputs]

    assert written == [("wlcg@PandaJob_", "wlcg@PandaJob_#{pandaid}"), ("lsst@PandaJob_", "lsst@PandaJob_#{pandaid}")]
    assert [culm.state("task", TASK + number).status for number in (0, 1)] == ["ready", "ready"]
    assert [culm.state("scope", scope).vo for scope, _ in written] == ["wlcg", "lsst"]
