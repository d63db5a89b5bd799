"""Scopes: the first part of the names of files and datasets, and whose each can be. Pure.

A file lies in a storage element by its scope and name, which all organisations share; so a scope belongs to one of them, and
`user.NAME` to one person (`commands/scope/`). Words that clients choose by themselves are shared: each organisation has its own
of them, `VO@WORD` (docs/decisions/0045). Source: docs/reference/client.md, "From parameters to jobs".
"""

import re

#: Scopes that are made of the first two parts of a dataset name.
PERSONAL = "user"
TWO_PARTS = frozenset({PERSONAL, "group"})
#: Culm's own, of files whose names it makes itself (libraries of builds); no one claims it.
OWN = "panda"
#: Words that clients write without being asked, so that several organisations come with the same: `PandaJob_#{pandaid}` of BPS.
SHARED_WORDS = frozenset({"PandaJob"})
#: Stands between an organisation and its own word; no organisation that has the sign in its name has words of its own.
OF_ORGANISATION = "@"
LENGTH_MAX = 255
_FORM = re.compile(r"[A-Za-z0-9_+@-]+(?:\.[A-Za-z0-9_+@-]+)*")


def dataset_name(text: str) -> str:
    """A dataset's name without the trailing slash of a container and without a `scope:` before it."""
    return text.strip().rstrip("/").rpartition(":")[2]


def scope_of(dataset: str) -> str:
    """`user.jdoe` of user.jdoe.anything, `group.x` of group.x.anything, else the part before the first dot.

    A name like `PandaJob_#{pandaid}` differs from job to job behind `#{`; the scope is what they share.
    """
    parts = (dataset.partition("#{")[0] or dataset).split(".")
    return ".".join(parts[:2]) if parts[0] in TWO_PARTS else parts[0]


def is_shared(scope: str) -> bool:
    """True for a word that all organisations use, and for one that goes on behind it: PandaJob, PandaJob_, PandaJob_17."""
    return scope.partition(".")[0].partition("_")[0] in SHARED_WORDS


def organisation_prefix(vo: str) -> str:
    """What stands before the words of an organisation alone: `lsst@`; `vo+cta@` of vo.cta, as a dot would begin another part.

    Empty for an organisation whose name could be taken for another's.
    """
    return "" if re.fullmatch(r"[A-Za-z0-9_.-]+", vo) is None else vo.replace(".", "+") + OF_ORGANISATION


def name_for(dataset: str, vo: str) -> str:
    """What the organisation `vo` calls a dataset: `lsst@PandaJob.out` of PandaJob.out, whose word is shared; others as given."""
    return organisation_prefix(vo) + dataset if is_shared(scope_of(dataset)) else dataset


def is_of_other_organisation(scope: str, vo: str) -> bool:
    """True for a scope that names an organisation which is not `vo`."""
    named, sign, _ = scope.partition(".")[0].partition(OF_ORGANISATION)
    return bool(sign) and named + sign != organisation_prefix(vo)


def is_personal(scope: str) -> bool:
    """True for `user.NAME`."""
    return scope.partition(".")[0] == PERSONAL


def problem_of_scope(scope: str) -> str:
    """What is wrong with a scope, and what was expected; empty for one that files may have.

    Every part has at least one character, so that no two scopes are one folder; `user` and `group` have one part more.
    """
    if len(scope) > LENGTH_MAX:
        return f"scope of {len(scope)} characters, expected at most {LENGTH_MAX}"
    if _FORM.fullmatch(scope) is None:
        return f"scope {scope[:100]!a}, expected parts of letters, digits and _+@- with single dots between them"
    parts = scope.split(".")
    if parts[0] in TWO_PARTS and len(parts) != 2:
        return f"scope {scope[:100]!a}, expected {parts[0]}.NAME"
    return ""
