"""Whether EasyPost takes the key."""

from connectors.easypost.client import EasyPostApi
from connectors.easypost.settings import EasyPostSettings
from core.errors import MappingError

_SIDES = {
    "test": "an account, by its test key",
    "live": "an account, by its production key",
    None: "an account",
}


async def probe(api: EasyPostApi, settings: EasyPostSettings) -> str:
    """List the newest shipment; say which of the account's two sides the key opens.

    Test keys may do that as well as production keys; other reads are refused to them with ``MODE.UNAUTHORIZED``
    (https://docs.easypost.com/docs/errors, read 2026-11).
    """
    answer = await api.list_shipments(1)
    if not isinstance(answer.get("shipments"), list):
        raise MappingError("shipments", "no list")
    return _SIDES[settings.mode]
