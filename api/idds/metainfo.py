"""What clients of iDDS ask about the server: whether it answers, and where results of functions are published."""

from typing import Any

from api.idds.calls import IddsRequest

#: Without brokers a client fetches results over HTTP. Passwords of brokers are in no answer.
_NO_BROKER: dict[str, Any] = dict.fromkeys(
    ("broker_type", "brokers", "broker_destination", "broker_timeout", "broker_username", "broker_password", "broker_x509")
)


async def ping(_: IddsRequest) -> Any:
    """A sign of life."""
    return {"Status": "OK"}


async def get_metainfo(asked: IddsRequest) -> Any:
    """Settings by name; an empty object for a name that is not known."""
    return _NO_BROKER if asked.text("name") == "asyncresult_config" else {}
