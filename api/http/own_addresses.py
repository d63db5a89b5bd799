"""Addresses that stand for this server: those it is configured with, and the one by which the client of a request found it."""

from starlette.requests import Request

from process.addresses import ApiAddresses


def own_addresses(request: Request, addresses: ApiAddresses) -> frozenset[str]:
    """Base addresses without a slash at the end. A proxy may speak https for us, so the host of the request counts with both."""
    host = request.headers.get("host", "")
    return addresses.own | ({f"http://{host}", f"https://{host}"} if host else frozenset())
