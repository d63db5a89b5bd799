"""The calls of idds-client 2.6.21 as they are on the wire: method, verb, path below `/idds`, body.

A list of their own, not made from the application's table, so that a call that is left out there is missed. Bodies are those of
the client: JSON without a Content-Type, `null` where there is nothing to send.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WireCall:
    """One request. name: as in the application's table."""

    name: str
    verb: str
    path: str
    body: bytes = b""


#: Numbered as in the table of the reference; a call with several forms has each.
CALLS: tuple[tuple[int, WireCall], ...] = (
    (1, WireCall("ping", "GET", "/ping")),
    (2, WireCall("submit", "POST", "/request", b'{"request_metadata": {}}')),
    (3, WireCall("submit", "POST", "/request", b'{"request_metadata": {"build_workflow": {}}}')),
    (4, WireCall("update_request", "PUT", "/request/101", b'{"status": 10}')),
    (5, WireCall("update_build_request", "POST", "/request/build/101", b'{"signature": "s", "workflow": {}}')),
    (6, WireCall("get_requests", "GET", "/request/101/null/True/False/False/False")),
    (6, WireCall("get_requests", "GET", "/request/101/None/True")),
    (7, WireCall("get_request_id_by_name", "GET", "/request/name/client_dag")),
    (8, WireCall("abort", "PUT", "/request/abort/101/null", b"null")),
    (9, WireCall("abort_task", "PUT", "/request/abort/101/null/7000", b"null")),
    (10, WireCall("close", "PUT", "/request/close/101/null", b"null")),
    (11, WireCall("retry", "PUT", "/request/retry/101/null", b"null")),
    (12, WireCall("submit_work", "POST", "/transform/101", b'{"token": "t", "transform_metadata": {}}')),
    (13, WireCall("get_transforms", "GET", "/transform/101")),
    (14, WireCall("get_transform", "GET", "/transform/101/11")),
    (15, WireCall("get_collections", "GET", "/catalog/collections/101/null/null/null/null/null")),
    (16, WireCall("get_contents", "GET", "/catalog/contents/101/null/null/pseudo_dataset/pseudo_in/1/2")),
    # What is left of a name with a # in it: everything behind is a fragment of the address, which is not sent.
    (16, WireCall("get_contents", "GET", "/catalog/contents/101/null/null/pseudo_dataset/pseudo_in")),
    (17, WireCall("get_contents_output_ext", "GET", "/catalog/contents_output_ext/101/7000/null/False")),
    (18, WireCall("get_match_contents", "GET", "/catalog/data/out/data/f1/0/10/101/null/True")),
    (19, WireCall("register_contents", "POST", "/catalog/data/out/101/None", b"[]")),
    (20, WireCall("send_messages", "POST", "/message/101/null/null/null", b'[{"x": 1}]')),
    (21, WireCall("get_messages", "GET", "/message/101/null/None/None")),
    (22, WireCall("download_logs", "GET", "/logs/7000/101")),
    (23, WireCall("upload_to_cacher", "POST", "/cacher/sandbox.tgz", b"\x1f\x8b\x00")),
    (24, WireCall("download_from_cacher", "GET", "/cacher/sandbox.tgz")),
    (25, WireCall("get_hyperparameters", "GET", "/hpo/7000/101/null/null/null")),
    (26, WireCall("update_hyperparameter", "PUT", "/hpo/7000/101/1/0.5", b"null")),
    (27, WireCall("get_metainfo", "GET", "/metainfo/asyncresult_config")),
    (28, WireCall("get_oidc_sign_url", "GET", "/auth/url/wlcg/oidc")),
    (28, WireCall("get_oidc_sign_url", "GET", "/auth/url/wlcg")),
    (29, WireCall("get_id_token", "GET", "/auth/token/wlcg/CODE/5/60")),
    (29, WireCall("get_id_token", "GET", "/auth/token/wlcg/CODE")),
    (30, WireCall("refresh_id_token", "POST", "/auth/token/wlcg", b'{"refresh_token": "R"}')),
    (31, WireCall("create_workflow_task", "POST", "/workflow_task", b'{"workflow": {}}')),
    (32, WireCall("adjust_worker", "PUT", "/workflow_task/101/11/7000/adjust", b'{"parameters": {}}')),
    (33, WireCall("close_workflow_task", "PUT", "/workflow_task/101/close", b'{"parameters": {}}')),
    (33, WireCall("close_workflow_task", "PUT", "/workflow_task/101/7000/close", b'{"parameters": {}}')),
    (34, WireCall("monitor", "GET", "/monitor/101/null/True/False/False")),
    (34, WireCall("monitor", "GET", "/monitor_request/101/null")),
    (34, WireCall("monitor", "GET", "/monitor_transform/101/null")),
    (34, WireCall("monitor", "GET", "/monitor_processing/101/null")),
    (34, WireCall("monitor", "GET", "/monitor_request_relation/101/null")),
)
#: What a caller without a token is answered as any other is.
OPEN = frozenset({"upload_to_cacher", "download_from_cacher", "get_oidc_sign_url", "get_id_token", "refresh_id_token"})
