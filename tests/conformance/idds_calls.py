"""Run by the environment of iDDS's clients: `idds_calls.py HOST TOKEN FOLDER` prints what each call gave, as JSON."""

import json
import sys
from typing import Any

from idds.client.clientmanager import ClientManager
from idds.doma.workflowv2.domapandawork import DomaPanDAWork
from idds.workflowv2.workflow import Workflow


def a_work(name: str, jobs: list[dict[str, Any]]) -> Any:
    """A work with a graph of jobs."""
    return DomaPanDAWork(
        executable="echo",
        primary_input_collection={"scope": "pseudo_dataset", "name": f"in#{name}"},
        output_collections=[{"scope": "pseudo_dataset", "name": f"out#{name}"}],
        log_collections=[],
        dependency_map=jobs,
        task_name=name,
        task_queue="LOCAL",
    )


def a_workflow() -> Any:
    """Two works, three jobs, two dependencies."""
    workflow = Workflow()
    workflow.name = "client_dag"
    workflow.add_work(a_work("isr", [{"name": f"i{n}", "order_id": n, "dependencies": []} for n in range(2)]))
    parents = [{"task": "isr", "inputname": f"i{n}"} for n in range(2)]
    workflow.add_work(a_work("coadd", [{"name": "c0", "order_id": 0, "dependencies": parents}]))
    return workflow


def main(host: str, token: str, folder: str) -> None:
    """Make the calls, in order."""
    client = ClientManager(host=host)
    client.setup_local_configuration(host=host, auth_type="oidc", oidc_token=token, vo="wlcg", local_config_root=folder)
    workflow = a_workflow()
    contents = {"request_id": 101, "coll_scope": "pseudo_dataset", "coll_name": "in#isr"}
    calls = [
        ("ping", client.ping()),
        ("submit", client.submit(workflow)),
        ("submit again", client.submit(workflow)),
        ("abort", client.abort(request_id=101)),
        ("close", client.close(request_id="101")),
        ("retry", client.retry(request_id=101)),
        ("abort of a task", client.abort_task(request_id=101, task_id=7)),
        ("requests", client.get_requests(request_id=101, with_detail=True)),
        ("settings", client.get_metainfo("asyncresult_config")),
        ("messages", client.get_messages(request_id=101)),
        ("contents", refusal(lambda: client.get_contents(**contents))),
        ("login", refusal(lambda: client.client.get_oidc_sign_url("wlcg"))),
    ]
    print(json.dumps(dict(calls)))


def refusal(call: Any) -> Any:
    """What a call gave, or the class and text of what it raised."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001  # the kind is what is asked
        return [type(error).__name__, str(error)]


if __name__ == "__main__":
    main(*sys.argv[1:])
