"""A draft beside the file in force: what it would have done to the orders since, without doing any of it; and its end.

Nothing runs for a draft. What it would have done is worked out of stored facts when somebody asks, so that there is
nothing that could act, and nothing that a crash could lose.
"""

from dataclasses import dataclass
from datetime import timedelta

from core.config.merchant import MerchantConfig
from core.engine.hub import Hub
from core.errors import ConfigError, NotFoundError, RefusedError
from core.failpoints import failpoint
from core.services.backtests import Backtest, Window, backtest
from core.services.rules_in_force import apply, check_appliable, config_in_force
from core.store.configs import ConfigVersion, text_of_config
from core.store.drafts import Draft, draft_of, drop_draft, save_draft

NONE = "no draft is tried; crossdock apply --shadow 7d tries one"
_MOST_ORDERS = 100_000
"""So many orders of its time are looked at, the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """A draft, and what it would have done to the orders that were placed since."""

    draft: Draft
    found: Backtest


async def begin_draft(
    hub: Hub, merchant: str, config: MerchantConfig, lasts: timedelta, *, actor: str
) -> Draft:
    """Have a draft tried beside the file in force; a draft of before ends.

    Raises:
        ConfigError: it could not be put in force later.
        RefusedError: it is in force already.
    """
    before = await config_in_force(hub, merchant)
    check_appliable(merchant, config, before.text)
    if config.digest == before.digest:
        raise RefusedError(f"{config.file} is what is in force; there is nothing to try")
    now = hub.clock.now()
    draft = Draft(digest=config.digest, since=now, until=now + lasts, actor=actor)
    failpoint("config.draft.before")
    await hub.store.write(save_draft, merchant, draft, config.text)
    return draft


async def shadow_of(hub: Hub, merchant: str) -> Shadow:
    """Return what a merchant's draft would have done to the orders that were placed in its time.

    Raises:
        NotFoundError: none is tried.
    """
    draft, config = await _draft(hub, merchant)
    placed = Window(since=draft.since, until=draft.until)
    found = await backtest(hub, merchant, config, orders=_MOST_ORDERS, placed=placed)
    return Shadow(draft=draft, found=found)


async def stop_draft(hub: Hub, merchant: str) -> Draft:
    """Have a draft tried no more.

    Raises:
        NotFoundError: none is tried.
    """
    draft, _ = await _draft(hub, merchant)
    failpoint("config.undraft.before")
    await hub.store.write(drop_draft, merchant, draft.digest)
    return draft


async def promote(hub: Hub, merchant: str, *, actor: str) -> ConfigVersion:
    """Put a draft in force, and have it tried no more; said again after a crash, it goes on.

    Raises:
        NotFoundError: none is tried.
        ConfigError: it cannot be put in force any more.
    """
    draft, config = await _draft(hub, merchant)
    version = await apply(hub, merchant, config, actor=actor)
    failpoint("config.promote.before")
    await hub.store.write(drop_draft, merchant, draft.digest)
    return version


async def _draft(hub: Hub, merchant: str) -> tuple[Draft, MerchantConfig]:
    draft = await hub.store.read(draft_of, merchant)
    if draft is None:
        raise NotFoundError(NONE)
    text = await hub.store.read(text_of_config, merchant, draft.digest)
    if text is None or hub.read_config is None:
        raise ConfigError("the draft is kept no longer; crossdock apply --shadow tries it anew")
    return draft, hub.read_config(text)
