"""Variables that no configuration has, each with its purpose. Standard library only."""

from collections.abc import Mapping

OTHERS: Mapping[str, str] = {
    "CULM_CACHE": "where Kubernetes' control plane is kept once it is built, for all checkouts; `~/.cache/culm` without it",
    "CULM_CLIENT": "where panda-client is, as `culm env` prints it; `.venv-client` in the checkout without it",
    "CULM_CONFIG": "the file of contexts of `culm config`; without it `culm/config.json` in the user's configuration folder",
    "CULM_CONTEXT": "the context that the `culm` command uses; the same as `--context`",
    "CULM_CREDENTIALS": "where `culm login` keeps its tokens; without it `culm/credentials.json` beside the contexts",
    "CULM_GO": "the `go` that builds Kubernetes' control plane",
    "CULM_GROUPS": "printed by `culm env --consumer --vo NAME`: how the names of its consumer groups must begin",
    "CULM_HEARTBEATS_KEPT_HOURS": "hours for which heartbeats of pilots are kept, 720 without it; taken over at `culm up`",
    "CULM_JAVA": "the `java` of Kafka and the registry, 17 or later; else that of `JAVA_HOME`, else the one of `PATH`",
    "CULM_KILL_AT": "for tests: the named point at which a harvester kills itself",
    "CULM_LOG_FILE": "the file for log lines of processes that a command starts, in place of standard error",
    "CULM_METRICS": "set by `culm up`: HOST:PORT of the first port for Prometheus (`CULM_PORT_METRICS`)",
    "CULM_MVN": "the `mvn` that fetches the parts in Java",
    "CULM_PARTITIONS": "partitions of new topics, in place of the number in `schemas/topics.toml`; fixed from then on",
    "CULM_REPLICATION": "copies of each partition of topics that are made; `culm up --brokers 3` sets 3",
    "CULM_STACK": "set by `culm up` for all that a stack starts: its `CULM_HOME`, by which leftovers are found",
    "CULM_SUBMIT_MODE": "set by the harvester for a worker: `PULL`, or `PUSH` when the job comes with it",
    "CULM_TOKEN": "the token of the `culm` command at `CULM_API`, in place of a login",
    "CULM_WORKER_ISOLATED": "set by the harvester for a worker that is kept apart from the others of its host",
    "CULM_WORKER_TAG": "set by the harvester for a worker on its own host: the tag by which its processes are found",
}
