"""Calls below `system/` and `metaconfig/`: what the server sees of the caller."""

from api.panda.calls import Call
from api.panda.envelope import Reply, done


async def attributes(call: Call) -> Reply:
    """The request as the server sees it."""
    identity = call.identity
    environment = {
        "REQUEST_METHOD": call.request.method,
        "SSL_CLIENT_S_DN": identity.dn,
        "GRST_CRED_AUTH_TOKEN_0": _credential(call),
    }
    return done({"parameters": call.arguments, "environment": environment})


async def user_attributes(call: Call) -> Reply:
    """The identity behind the token."""
    identity = call.identity
    return done({"name": identity.user_name, "nickname": identity.nickname, "vo": identity.vo, "groups": identity.groups})


async def voms_attributes(call: Call) -> Reply:
    """What an edge of grids would have put into the environment for the caller's role."""
    return done({"GRST_CRED_AUTH_TOKEN_0": _credential(call)})


async def banned_users(call: Call) -> Reply:
    """No one: there is no list of banned users."""
    return done({})


def _credential(call: Call) -> str:
    identity = call.identity
    return f"VOMS /{identity.vo}/Role={identity.role if identity.role != 'user' else 'NULL'}"
