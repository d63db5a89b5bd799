"""Who acts on a stack: the bystander's people, and the senders, who are other users, of another VO where the stack has one."""

import time

import httpx

from deploy.stack import Stack
from identity.issuer import make_token, subject_of
from tests.hostile.ground import QUEUE, VO, Ground
from tests.hostile.message import Sender
from tests.hostile.sending import Target
from tests.hostile.submissions import parameters

OTHER_VO = "dune"
TOKEN_HOURS = 12.0
TASKS = 4


def token_of(stack: Stack, user: str, *roles: str, vo: str = VO) -> str:
    """A token of the development issuer."""
    groups = [vo, *(f"{vo}/{role}" for role in roles)]
    return make_token(stack.config.home, user=user, name=f"{user} Person", groups=groups, audience_hours=TOKEN_HOURS)


def client_of(stack: Stack, user: str, *roles: str) -> httpx.Client:
    """Requests of a member."""
    headers = {"Authorization": f"Bearer {token_of(stack, user, *roles)}", "Origin": VO}
    return httpx.Client(base_url=stack.config.api, headers=headers, timeout=60, limits=httpx.Limits(max_connections=20))


def target_of(stack: Stack) -> Target:
    """Where the senders send, and as whom."""
    stranger_vo = OTHER_VO if has_vo(stack, OTHER_VO) else VO
    tokens = {
        Sender.USER: token_of(stack, "hostile"),
        Sender.STRANGER: token_of(stack, "stranger", vo=stranger_vo),
        Sender.LEAVER: token_of(stack, "leaver"),
        Sender.PILOT: token_of(stack, "hostilepilot", "pilot"),
        Sender.OPERATOR: token_of(stack, "hostileop", "operator"),
    }
    vos = dict.fromkeys(tokens, VO) | {Sender.STRANGER: stranger_vo}
    return Target("127.0.0.1", stack.config.ports.api, stack.config.kafka, tokens, vos)


def has_vo(stack: Stack, vo: str) -> bool:
    """True when the stack lets the VO in."""
    return httpx.get(f"{stack.config.api}/auth/{vo}_auth_config.json").status_code == 200


def ground_on(stack: Stack) -> Ground:
    """A queue and a few tasks of the senders, so that messages about tasks and jobs meet some."""
    now = time.time_ns() // 1_000
    bare = Ground((0,), now, subject_of("hostile"))
    with client_of(stack, "hostileop", "operator") as operator, client_of(stack, "hostile") as user:
        settings = {"name": QUEUE, "site": QUEUE, "workdir_mb_max": 20_000, "lease_seconds": 600}
        body = {"aggregate_id": f"queue.{QUEUE}", "settings": settings}
        answer = operator.post("/v1/commands/ConfigureQueue", json=body, headers={"Prefer": "wait=30"})
        assert answer.json()["accepted"], answer.text
        tasks = []
        for number in range(TASKS):
            answer = user.post("/v1/tasks", json={"parameters": parameters(bare, f"user.hostile.{now}.ground{number}")})
            assert answer.status_code == 201, answer.text
            tasks.append(int(answer.json()["task_id"]))
    return Ground(tuple(tasks), now, subject_of("hostile"))
