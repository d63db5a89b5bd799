"""The words of `culm`: which module has a command, and what the list of commands says of it.

In: nothing. Out: `COMMANDS`, in the order of the help. A module is loaded when one of its words is used, so that an answer costs
no more than what it needs. Guards: tests/cli/test_vocabulary.py holds each line against the help of the command itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass

READING, ACTING, PAST, SETTING, RUNNING, PROVING, IDENTITY = (
    "Look", "Act", "The past", "Administer", "The stack on this machine", "Prove", "Who may",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """module: its `add_to` adds the command. says: its line in the list. panel: the heading above it.

    is_remote: it asks an API and needs nothing else, so that it works from any machine.
    """

    module: str
    says: str
    panel: str
    is_remote: bool = True


def _local(module: str, says: str, panel: str) -> CommandEntry:
    return CommandEntry(f"cli.{module}", says, panel, is_remote=False)


def _remote(module: str, says: str, panel: str) -> CommandEntry:
    return CommandEntry(f"cli.{module}", says, panel)


COMMANDS: Mapping[str, CommandEntry] = {
    "get": _remote("lists", "List tasks, jobs, queues, workers, datasets or files, filtered as the pages are.", READING),
    "describe": _remote(
        "describing", "Show one task, job, queue, worker or dataset: what it is, and why it stands there.", READING
    ),
    "why": _remote("audit", "What it waits for, with figures, and what would have to change.", READING),
    "logs": _remote("logs", "Print the end of a job's log; with -f, what happens to it until then.", READING),
    "files": _remote("files", "List the files of a task or job, or download them.", READING),
    "tail": _remote("audit", "Events as they happen, until you stop it.", READING),
    "monitor": _local(
        "monitor",
        "Print an address that opens the monitor and offers to log you in; it is good for a day and belongs to you alone.",
        READING,
    ),
    "kill": _remote("acting", "Kill tasks or jobs.", ACTING),
    "retry": _remote("acting", "Process again what failed of tasks that ended.", ACTING),
    "finish": _remote("acting", "End tasks when their running jobs have ended.", ACTING),
    "pause": _remote("acting", "Hold the waiting jobs of tasks back.", ACTING),
    "resume": _remote("acting", "Go on with paused tasks.", ACTING),
    "set-priority": _remote("acting", "Change the priority of tasks.", ACTING),
    "history": _remote("audit", "Who did what, when, why, by which command, and what it changed.", PAST),
    "state": _remote("audit", "Its rows as they were.", PAST),
    "diff": _remote("audit", "What differs between two moments.", PAST),
    "trace": _remote("audit", "A request and everything that followed from it, as a tree.", PAST),
    "export": _local("log_files", "Write events of a time range, or a task's whole causal tree, to a file.", PAST),
    "import": _local(
        "log_files",
        "Write the events of a file into an empty stack (`culm up --only servers`); then `culm up`.",
        PAST,
    ),
    "up": _local("stack", "Start everything and wait until it answers; on a stack that is up, add or stop instances.", RUNNING),
    "down": _local("stack", "Stop everything; the state stays.", RUNNING),
    "reset": _local("stack", "Stop everything and delete the state.", RUNNING),
    "status": _local("stack", "Show addresses and every process: health, restarts, lag.", RUNNING),
    "env": _local("environment", 'Print the shell exports that point panda-client here: eval "$(culm env)".', RUNNING),
    "token": _local("environment", "Print a token of the development issuer for a named user.", RUNNING),
    "dataset": _local("dataset", "Input datasets of the local storage.", RUNNING),
    "rebuild": _local("rebuild", "Rebuild read models from the log, beside the live ones, and swap.", RUNNING),
    "positions": _local(
        "positions",
        "Show where the deciders stand in the commands and what the log says; set positions that were lost.",
        RUNNING,
    ),
    "check": _local(
        "check",
        "Prove the log and the read model: no job lost or made twice, every command answered once, rows equal to events.",
        PROVING,
    ),
    "replay": _local("replay", "Fold the whole log, compare every row in Postgres, print the hash of the state.", PROVING),
    "verify": _local(
        "verify",
        "Prove that no event was altered, removed or put in since it was written down; name the first that does not belong.",
        PROVING,
    ),
    "queue": _remote("queues", "Settings of queues: set, drain, offline, online.", SETTING),
    "share": _remote("shares", "The tree of global shares: show, set.", SETTING),
    "dead-letter": _remote("dead_letter", "Records that could not be handled.", SETTING),
    "bridge": _local("bridge", "What sources outside say of storages, sites, links, software and queues.", SETTING),
    "config": _remote("contexts_shown", "Which Culm the commands speak to: contexts, by name.", SETTING),
    "completion": _remote(
        "completion",
        "Print what makes a shell complete the words of `culm`: source <(culm completion bash).",
        SETTING,
    ),
    "login": _remote("login", "Log in at the provider of a VO, in any browser; the login is kept and refreshed.", IDENTITY),
    "logout": _remote("login", "End a login: its token is refused from then on, and forgotten here.", IDENTITY),
    "whoami": _remote("login", "Who one is, until when, and what one may do.", IDENTITY),
    "issuer": _local("issuer", "Issuers of tokens that are believed.", IDENTITY),
    "link": _local("link", "Make two ids one person: each may do what the other may with what the other owns.", IDENTITY),
    "unlink": _local("link", "Take a link between two ids back.", IDENTITY),
    "revoke": _local("revoke", "Persons, services and tokens that are believed no more.", IDENTITY),
    "refusals": _remote(
        "refusals",
        "Which requests were refused of late, the newest first: when, whose, for what, by which rule.",
        IDENTITY,
    ),
    "policy": _local("policy", "Which groups give which roles, and what roles may do.", IDENTITY),
    "can-i": _local("policy", "Whether you may do something, and the rule that decides; exit code 1 when not.", IDENTITY),
    "secret": _local("secret", "Secrets that your jobs are given (prun --useSecrets).", IDENTITY),
    "agents": _local("agents", "Harvesters and workers: enrolment codes, and the keys of their tokens.", IDENTITY),
}
