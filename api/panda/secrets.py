"""Calls below `creds/` about secrets of users (docs/reference/client.md, "Secrets of users")."""

import orjson

from api.http.errors import ApiError
from api.panda.calls import Call
from api.panda.envelope import Reply, done, failed
from api.secrets.service import FILE_PREFIX


async def set_secret(call: Call) -> Reply:
    """Keep, delete (`value` is null) or delete all (`key` is null)."""
    secrets = call.services.secrets
    key, value = call["key"], call["value"]
    try:
        if key is None:
            await secrets.delete(call.identity, None)
        elif value is None:
            await secrets.delete(call.identity, (key, FILE_PREFIX + key))
        else:
            await secrets.keep(call.identity, key, value)
    except ApiError as problem:
        return failed(problem.detail)
    return done(None, "OK")


async def get_secrets(call: Call) -> Reply:
    """Names and values as the text of a JSON object, which the client reads a second time."""
    try:
        found = await call.services.secrets.show(call.identity, call["keys"])
    except ApiError as problem:
        return failed(problem.detail)
    return done(orjson.dumps(found).decode())
