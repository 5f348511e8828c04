"""What differs between two configurations of a merchant besides their rules, named line by line; no secret is told."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from core.config.merchant import MerchantConfig

_NOT_TOLD = frozenset({"name", "with_", "token", "at", "pattern"})
_SECRET = ("with_", "token")


def file_differences(before: MerchantConfig, after: MerchantConfig) -> tuple[str, ...]:
    """Return what differs of connections, locations, stock rules, boxes and sla, as in ``locations.reno.labels: auto -> ask``."""
    return (
        *_named("connections", before.connections, after.connections),
        *_named("locations", before.locations, after.locations),
        *_order("locations", before.locations, after.locations),
        *_named("stock", {r.pattern: r for r in before.stock}, {r.pattern: r for r in after.stock}),
        *_values("boxes", {b.box_id: b for b in before.boxes}, {b.box_id: b for b in after.boxes}),
        *_values("sla.promise", before.promises, after.promises),
        *_values("sla.services", before.services, after.services),
        *_values("sla.stages", before.stages, after.stages),
        *_fields("label", before.labels, after.labels),
    )


def _named(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield what differs of things that have fields, field by field."""
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            yield f"{what}.{name} goes"
        elif name not in before:
            yield f"{what}.{name} comes"
        else:
            yield from _fields(f"{what}.{name}", before[name], after[name])


def _fields(where: str, before: Any, after: Any) -> Iterator[str]:
    for field in fields(before):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old == new:
            continue
        if field.name in _SECRET:
            yield f"{where}.{field.name.rstrip('_')} is another"
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _values(f"{where}.{field.name}", old, new)
        elif field.name not in _NOT_TOLD:
            yield f"{where}.{field.name}: {_text(old)} -> {_text(new)}"


def _values(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield f"{what}.{name}: {_text(before.get(name))} -> {_text(after.get(name))}"


def _order(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield that the same names stand in another order, where that decides between two that are alike."""
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield f"{what}: in another order, {', '.join(before)} -> {', '.join(after)}"


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(str, value))) or "none"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
