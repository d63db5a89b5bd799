"""Forms of the monitor, uploads of sandboxes, and calls that Culm does not offer: what browsers and clients post."""

from typing import Any

from hypothesis import strategies as st

from api.monitor.offers import ACTIONS
from api.panda.not_offered import CALLS, LEGACY_CALLS
from tests.hostile import naughty
from tests.hostile.ground import Ground, uuid_of
from tests.hostile.message import Request, Sender
from tests.hostile.requests import FORM, VALUES, Drawn, changed, form_of, odd_headers, with_body

BOUNDARY = "x" * 20
#: A page's form comes with the cookie of who is logged in; the sender puts it in for this header.
FROM_A_PAGE = {"Sec-Fetch-Site": "same-origin", **FORM}
FILE_NAMES = (
    *naughty.PATHS,
    *naughty.SHELL,
    "sources.x.tar.gz",
    "a.__ow__",
    "a" * 300,
    "é\udcff.tgz",
    "\x00",
    "",
    ".index",
    "-",
    "a:b",
    "x.out",
)
#: Targets of one kind.
NOT_OFFERED = (
    *(f"/api/v1/{call.partition(' ')[2]}" for call in CALLS),
    *(f"/server/panda/{name}" for name in LEGACY_CALLS),
    "/api/v1/none",
    "/v1/commands/None",
)
UPLOADS = (b"", b"\x1f\x8b", b"x" * 8, b"\x00" * 200_000, b"x" * 2_000_000)


@st.composite
def posted(draw: st.DrawFn, target: str, sender: Sender, good: dict[str, Any]) -> Drawn:
    """A form of a page with hostile values, names repeated or added."""
    found, description = draw(changed(good, VALUES))
    body = form_of(found)
    if draw(st.integers(0, 4)) == 0:
        body += draw(
            st.sampled_from(
                (b"&id=1" * 3_000, b"&q.status=%00", b"&q.jeditaskid=" + b"9" * 30, b"&confirm=1", b"&=&=", b"&" * 900)
            )
        )
    if draw(st.integers(0, 7)) == 0:
        body = draw(st.sampled_from(naughty.BODIES))
        description = f"body {body[:30]!r}"
    headers, odd = draw(odd_headers())
    return Request("POST", target, sender, body, {**FROM_A_PAGE, **headers}), f"{description} {odd}".strip()


@st.composite
def uploads(draw: st.DrawFn) -> Drawn:
    """A multipart body with a hostile file name, or one that is none."""
    name, content = draw(st.sampled_from(FILE_NAMES)), draw(st.sampled_from(UPLOADS))
    kind = draw(st.sampled_from(("gzip", "text/plain", "x" * 500)))
    field = draw(st.sampled_from((*["file"] * 12, "other", "", "\x00")))
    repeated = draw(st.sampled_from((*[1] * 12, 2, 20)))
    written = name.replace('"', "%22").replace("\n", "%0A").encode("utf-8", "surrogateescape")
    part = b'--%s\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\nContent-Type: %s\r\n\r\n%s\r\n' % (
        BOUNDARY.encode(), field.encode(), written, kind.encode(), content,
    )  # fmt: skip
    body = part * repeated + (b"--%s--\r\n" % BOUNDARY.encode() if draw(st.integers(0, 5)) else b"")
    boundary = draw(st.sampled_from((*[BOUNDARY] * 12, "", "y" * 300, "é")))
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    target = "/api/v1/file_server/upload_cache_file"
    return Request(
        "POST", target, Sender.USER, body, headers
    ), f"file {name[:40]!r}, {len(content)} bytes, {repeated} times, boundary {boundary[:5]!r}"


@st.composite
def heads(draw: st.DrawFn) -> Drawn:
    """A request whose head is large, or that reads and brings a body."""
    target = draw(st.sampled_from(("/v1/tasks", "/api/v1/system/is_alive", "/tasks/", "/cache/x", "/nothing")))
    body = draw(st.sampled_from((b"", b"", b"{}", b"x" * 100_000)))
    size, count = draw(st.sampled_from(((1, 1), (10, 199), (10, 500), (60_000, 1), (70_000, 1), (1_000_000, 1), (600, 150))))
    headers = {f"X-{number}": "x" * size for number in range(count)}
    method = draw(st.sampled_from(("GET", "GET", "HEAD", "POST")))
    described = f"{method} with {count} headers of {size:,} bytes and a body of {len(body):,}"
    return Request(method, target, draw(st.sampled_from((Sender.USER, Sender.NO_ONE))), body, headers), described


#: A workflow as the relay takes it, and the beginning of one that names what no request may.
WORKFLOWS = ('[{"class": "Workflow", "module": "idds.workflowv2.workflow", "attributes": {}}]',
             '[{"class": "system", "module": "os", "attributes": {"command": "id"}}]', "[", "[NaN]", "[[[[]]]]")  # fmt: skip


def commands_of_idds(ground: Ground) -> st.SearchStrategy[Drawn]:
    """A command through the relay or for a workflow, with hostile texts in place of its arguments."""
    names = ("ping", "submit", "get_requests", "abort", "retry", "get_status", "get_metainfo+http://127.0.0.1:1/x", "finish",
             "get_request_id_by_name", "get_transforms", "get_transform", "get_collections", "get_contents",
             "get_contents_output_ext")
    targets = ("/server/panda/relay_idds_command", "/server/panda/execute_idds_workflow_command",
               "/api/v1/idds/relay_idds_command", "/api/v1/idds/execute_idds_workflow_command")  # fmt: skip
    kwargs = (f'{{"request_id": {ground.tasks[0]}}}', '{"request_id": "1"}', "{", '{"request_id": []}', "[" * 500,
              '{"name": "*%_*"}', '{"workload_id": 9223372036854775808}',
              '{"request_id": 1, "with_detail": true}')
    given = st.tuples(st.sampled_from(targets), st.sampled_from(names), st.sampled_from(WORKFLOWS), st.sampled_from(kwargs))
    return given.flatmap(
        lambda one: with_body(
            one[0],
            Sender.USER,
            changed({"command_name": one[1], "args": one[2], "kwargs": one[3], "manager": True}),
            as_form=True,
        )
    )


def form_kinds(ground: Ground) -> dict[str, st.SearchStrategy[Drawn]]:
    """Kind -> strategy."""
    act = {"action": "kill_task", "id": str(ground.tasks[0]), "reason": "because", "priority": "5", "back": "/tasks/"}
    chosen = st.sampled_from(sorted(ACTIONS))
    confirmed = {**act, "confirm": "yes", "confirmation": uuid_of("confirmation", ground.now)}
    acting = st.tuples(chosen, st.booleans()).flatmap(
        lambda drawn: posted("/monitor/act", Sender.USER, {**(confirmed if drawn[1] else act), "action": drawn[0]})
    )
    letters = st.sampled_from(("0/0", "-1/0", "99/99999999999999999999", "0/-5", "x/y", "4/1", "0/9223372036854775807"))
    refused = st.sampled_from(NOT_OFFERED)
    return {
        "head": heads(),
        "form /login": posted("/login", Sender.NO_ONE, {"token": "x", "vo": "wlcg", "next": "/tasks/"}),
        # Who ends the login sends nothing more that is read: none of those who send the rest.
        "form /logout": posted("/logout", Sender.LEAVER, {"a": "b"}),
        "form /auth/logout": posted("/auth/logout", Sender.LEAVER, {"a": "b"}),
        "form /auth/back-channel-logout": posted("/auth/back-channel-logout", Sender.NO_ONE, {"logout_token": "a.b.c"}),
        "form /auth/device": posted("/auth/wlcg/device", Sender.NO_ONE, {"client_id": "panda", "scope": "openid"}),
        "form /auth/token": posted("/auth/wlcg/token", Sender.NO_ONE, {"grant_type": "refresh_token", "refresh_token": "x"}),
        "form /session": posted("/session", Sender.USER, {"acting": "wlcg:production"}),
        "body /v1/links": with_body("/v1/links", Sender.USER, changed({"token": "a.b.c", "reason": "why"})),
        "body /v1/links of others": with_body("/v1/links", Sender.OPERATOR, changed({"actor": "a", "other": "b"})),
        "body /v1/links/certificate": with_body("/v1/links/certificate", Sender.USER, changed({"token": "a.b.c"})),
        "body /v1/links/remove": with_body("/v1/links/remove", Sender.USER, changed({"actor": "a", "other": "b"})),
        "form /monitor/act": acting,
        "form /monitor/letters": letters.flatmap(lambda place: posted(f"/monitor/letters/{place}", Sender.OPERATOR, {"a": "b"})),
        "upload cache file": uploads(),
        "relay of iDDS": commands_of_idds(ground),
        "call not offered": refused.flatmap(
            lambda path: with_body(path, Sender.USER, changed({"a": {"b": [1]}, "data": "x"}), as_form=True)
        ),
    }
