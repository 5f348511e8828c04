"""What follows when a file is put in force, by a process that starts with it or by whoever applies it."""

from collections.abc import Mapping
from datetime import datetime

from core.config.merchant import MerchantConfig
from core.config.text_changes import connection_changes
from core.domain.rules.hours import next_hour, schedule_text
from core.engine.hub import Hub
from core.errors import ConfigError
from core.failpoints import failpoint
from core.store.active_rules import PlannedHour, activate_rules, apply_config, digest_in_force
from core.store.configs import ConfigVersion, list_versions, text_of_config


async def put_in_force(hub: Hub, merchant: str) -> None:
    """Have the rules of this process's file listen from now on; other processes go by them too."""
    config, now = hub.config(merchant), hub.clock.now()
    failpoint("rules.activate.before")
    await hub.store.write(
        activate_rules,
        merchant,
        config.digest,
        subjects={rule.subject for rule in config.rules.rules},
        hours=_hours(config, now),
        now=now,
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


def check_appliable(merchant: str, config: MerchantConfig, before: MerchantConfig) -> None:
    """Refuse a file that running processes cannot go by in place of another one.

    Raises:
        ConfigError: it is another merchant's, or opens connections otherwise.
    """
    if config.merchant != merchant:
        raise ConfigError(f"{config.file} is of merchant {config.merchant!r}, not of {merchant!r}")
    changed = connection_changes(before.text, config.text)
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
    check_appliable(merchant, config, await config_in_force(hub, merchant))
    now = hub.clock.now()
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
    )
    return (await hub.store.read(list_versions, merchant, limit=1))[0]


def _hours(config: MerchantConfig, now: datetime) -> Mapping[str, PlannedHour]:
    return {
        rule.id: PlannedHour(due_at=next_hour(rule.schedule, now), schedule=schedule_text(rule.schedule))
        for rule in config.rules.rules
        if rule.schedule is not None
    }
