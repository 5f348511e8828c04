"""What follows when a file is put in force, by a process that starts with it or by whoever applies it."""

from collections.abc import Mapping
from datetime import datetime

from core.config.file_differences import file_differences
from core.config.merchant import MerchantConfig
from core.config.text_changes import connection_changes
from core.domain.rules.hours import next_hour, schedule_text
from core.engine.hub import Hub
from core.errors import ConfigError
from core.failpoints import failpoint
from core.model.triggers import Trigger
from core.store.active_rules import (
    LEVELS_AGAIN,
    Consequences,
    PlannedHour,
    activate_rules,
    apply_config,
    digest_in_force,
)
from core.store.configs import ConfigVersion, list_versions, text_of_config
from core.store.jobs import NewJob


async def put_in_force(hub: Hub, merchant: str) -> None:
    """Have the rules of this process's file listen from now on; other processes go by them too."""
    config, now = hub.config(merchant), hub.clock.now()
    follows = _follows(hub, merchant, await _readable_in_force(hub, merchant), config, now)
    failpoint("rules.activate.before")
    await hub.store.write(
        activate_rules,
        merchant,
        config.digest,
        subjects={rule.subject for rule in config.rules.rules},
        hours=_hours(config, now),
        now=now,
        follows=follows,
    )


async def config_in_force(hub: Hub, merchant: str) -> MerchantConfig:
    """Return the configuration that what serves goes by; that of this process where nothing ever served.

    Raises:
        ConfigError: this version cannot read it any more.
    """
    mine, digest = hub.config(merchant), await hub.store.read(digest_in_force, merchant)
    if digest in (None, mine.digest) or hub.read_config is None:
        return mine
    text = await hub.store.read(text_of_config, merchant, digest)
    return mine if text is None else hub.read_config(text)


async def _readable_in_force(hub: Hub, merchant: str) -> MerchantConfig | None:
    """Return the same; None where this version cannot read it any more."""
    try:
        return await config_in_force(hub, merchant)
    except ConfigError:
        return None


async def _text_in_force(hub: Hub, merchant: str) -> str:
    digest = await hub.store.read(digest_in_force, merchant)
    text = None if digest is None else await hub.store.read(text_of_config, merchant, digest)
    return hub.config(merchant).text if text is None else text


def check_appliable(merchant: str, config: MerchantConfig, before: str) -> None:
    """Refuse a file that running processes cannot go by in place of another one, of which ``before`` is the text.

    Raises:
        ConfigError: it is another merchant's, or opens connections otherwise.
    """
    if config.merchant != merchant:
        raise ConfigError(f"{config.file} is of merchant {config.merchant!r}, not of {merchant!r}")
    changed = connection_changes(before, config.text)
    if changed:
        raise ConfigError(
            f"{config.file}: {', '.join(changed)}: a connection is opened when serve starts, and this file opens it"
            " otherwise; put the file where serve reads it, and start every process again"
        )


async def apply(hub: Hub, merchant: str, config: MerchantConfig, *, actor: str) -> ConfigVersion:
    """Put a file in force for every process, at once and without a start; return its version.

    What is in force already stays the version that it is.

    Raises:
        ConfigError: it is another merchant's, or opens connections otherwise than the file in force.
    """
    before, now = await _readable_in_force(hub, merchant), hub.clock.now()
    check_appliable(merchant, config, await _text_in_force(hub, merchant))
    failpoint("config.apply.before")
    await hub.store.write(
        apply_config,
        merchant,
        config.text,
        config.digest,
        subjects={rule.subject for rule in config.rules.rules},
        hours=_hours(config, now),
        now=now,
        actor=actor,
        follows=_follows(hub, merchant, before, config, now),
    )
    return (await hub.store.read(list_versions, merchant, limit=1))[0]


def _follows(
    hub: Hub, merchant: str, before: MerchantConfig | None, config: MerchantConfig, now: datetime
) -> Consequences:
    """Return what is looked at again because another file says it otherwise: levels, where channels keep stock, orders.

    Of a file that cannot be read any more everything may be otherwise.
    """
    jobs: list[NewJob] = []
    if before is None or _kept_back(before) != _kept_back(config):
        jobs.append(NewJob(kind=LEVELS_AGAIN, subject=config.digest[:16], connection="-", due_at=now))
    if before is None or _places(before) != _places(config):
        ports = hub.connections(merchant).ports
        selling = [name for name in ports if ports[name].levels is not None]
        jobs += [NewJob.of_connection("listings", name, now) for name in selling]
    wakes = (
        before is None
        or bool(file_differences(before, config))
        or _hears_stuck(before) != _hears_stuck(config)
    )
    return Consequences(jobs=tuple(jobs), wakes_orders=wakes)


def _hears_stuck(config: MerchantConfig) -> bool:
    return any(Trigger.ORDER_STUCK in rule.triggers for rule in config.rules.rules)


def _kept_back(config: MerchantConfig) -> list[tuple[str, dict[str, int]]]:
    return [(rule.pattern, dict(rule.buffer)) for rule in config.stock]


def _places(config: MerchantConfig) -> dict[str, str]:
    return {key: place.name for key, place in config.locations.items()}


def _hours(config: MerchantConfig, now: datetime) -> Mapping[str, PlannedHour]:
    return {
        rule.id: PlannedHour(due_at=next_hour(rule.schedule, now), schedule=schedule_text(rule.schedule))
        for rule in config.rules.rules
        if rule.schedule is not None
    }
