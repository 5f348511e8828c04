"""The rules that runs go on under: those in force, or those that were when a run began, whose file the store keeps."""

from core.config.rule_reader import rules_of_text
from core.config.rules import RuleSet
from core.engine.hub import Hub
from core.store.active_rules import digest_in_force
from core.store.configs import text_of_config


async def rules_at(hub: Hub, merchant: str, digest: str) -> RuleSet | None:
    """Return a merchant's rules as of a file's digest; None where nobody kept it, or this version cannot read it."""
    current = hub.config(merchant).rules
    if current.digest == digest:
        return current
    key = (merchant, digest)
    if key not in hub.older_rules:
        text = await hub.store.read(text_of_config, merchant, digest)
        hub.older_rules[key] = None if text is None else rules_of_text(text, digest=digest)
    return hub.older_rules[key]


async def rules_in_force(hub: Hub, merchant: str) -> RuleSet:
    """Return a merchant's rules as of the file that what serves was last started with, whichever file this process has.

    They are this process's own where nothing served yet, or the file is one of a newer version.
    """
    digest = await hub.store.read(digest_in_force, merchant)
    found = None if digest is None else await rules_at(hub, merchant, digest)
    return hub.config(merchant).rules if found is None else found
