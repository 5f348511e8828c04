"""What a patch of a listing asks for: JSON Patch on top-level attributes."""

from dataclasses import dataclass
from typing import Final

from sandbox.amazon.listing import AMAZON, AMAZON_CHANNEL, DEFAULT_CHANNEL, Listing
from sandbox.amazon.reading import each, field
from sandbox.amazon.refusals import invalid
from sandbox.values import Json

OPS: Final = ("add", "replace", "merge", "delete")
AVAILABILITY: Final = "fulfillment_availability"


@dataclass(frozen=True)
class Wanted:
    """The quantity a patch asks for."""

    quantity: int
    lead_time_days: int | None


def read_patches(given: object) -> list[tuple[str, str, list[Json]]]:
    """Operation, attribute and value of each patch; refuses what is no patch (the whole request, 400)."""
    if not given:
        raise invalid("The request needs at least one patch.")
    return [_read(patch) for patch in each(given, dict, at="patches")]


def _read(patch: Json) -> tuple[str, str, list[Json]]:
    op = field(patch, "op", str, at="patches")
    path = field(patch, "path", str, at="patches")
    if op not in OPS:
        raise invalid(f"Invalid value for patches.op: {op}.")
    if not path.startswith("/attributes/") or path.count("/") != 2:  # noqa: PLR2004  /attributes/name
        raise invalid(f"Invalid value for patches.path: {path}. Only top-level attributes can be patched.")
    given = patch.get("value") or [] if op == "delete" else field(patch, "value", list, at="patches")
    value = each(given, dict, at="patches.value")
    return op, path.rsplit("/", 1)[1], value


def wanted(listing: Listing, op: str, value: list[Json]) -> Wanted | Json:
    """The quantity that a patch of fulfillment_availability wants, or the issue that makes it INVALID."""
    if op == "delete":
        return Wanted(0, None)
    entries = [entry for entry in value if entry.get("fulfillment_channel_code") == DEFAULT_CHANNEL]
    others = [
        entry for entry in value if str(entry.get("fulfillment_channel_code")).startswith(AMAZON_CHANNEL)
    ]
    if others and not entries:
        return issue("8541", "A listing is not moved to Amazon's fulfillment here.", "INVALID_ATTRIBUTE")
    if not entries:
        return issue(
            "90244",
            "The attribute 'fulfillment_availability' needs one 'fulfillment_channel_code'.",
            "MISSING_ATTRIBUTE",
        )
    quantity = entries[0].get("quantity")
    if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 0:
        return issue(
            "90225", "The field 'quantity' must be a whole number of 0 or more.", "INVALID_ATTRIBUTE"
        )
    # `merge` keeps what is not named; `replace` and `add` drop it.
    kept = listing.lead_time_days if op == "merge" and listing.fulfilled_by != AMAZON else None
    return Wanted(quantity, entries[0].get("lead_time_to_ship_max_days", kept))


def issue(code: str, message: str, category: str) -> Json:
    """One issue of a submission."""
    return {
        "code": code,
        "message": message,
        "severity": "ERROR",
        "attributeNames": [AVAILABILITY],
        "categories": [category],
    }
