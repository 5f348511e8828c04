"""Whether Stripe takes the key."""

from connectors.stripe.client import StripeApi
from connectors.stripe.settings import StripeSettings
from core.errors import MappingError

_SIDES = {"test": "a test account", "live": "a live account", None: "an account"}


async def probe(api: StripeApi, settings: StripeSettings) -> str:
    """List the newest payment; say which of the account's two sides the key opens.

    That is what the hub does daily: a restricted key need not be able to read balance or account
    (https://docs.stripe.com/keys/restricted-api-keys, read 2026-11).
    """
    answer = await api.list_payment_intents(1)
    if answer.get("object") != "list":
        raise MappingError("payment_intents", "no list")
    return _SIDES[settings.mode]
