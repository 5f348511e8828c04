"""The rules that runs go on under: those in force, or those that were when a run began, whose file the store keeps."""

from core.config.rule_reader import rules_of_text
from core.config.rules import RuleSet
from core.engine.hub import Hub
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
