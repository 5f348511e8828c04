"""Listed quantities: one patch per SKU, or one feed for many; what Amazon itself fulfills is never written."""

from asyncio import get_running_loop
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.amazon.client import AmazonClient
from connectors.amazon.cursor import PageCursor, PartialRead
from connectors.amazon.settings import AmazonSettings
from core.clock import Clock
from core.errors import OutcomeUnknownError, RateLimitError, RejectedError, UnavailableError
from core.model.stock import Level, LevelChange, LevelResult, LevelState, Listing, ListingKey

MERCHANT = "DEFAULT"
"""Amazon's code of the merchant's own fulfillment; every other code is Amazon's (AMAZON_NA, AMAZON_EU ...)."""
PRODUCT_TYPE = "PRODUCT"
"""Stands for every product type where only offer attributes are patched."""
PAGE = 20
FBA_PAGE = 50
CHANNEL_KNOWN_S = 600.0
CURSOR_KEPT_S = 600.0
PARTIAL_KEPT_S = 30.0
"""How long the listings read before Amazon's limits interrupted a read are still good for the rest of it."""
BUDGET_S = 40.0
"""No patch is begun after this many machine seconds of a push."""

Json = dict[str, Any]


class AmazonLevels:
    """Amazon as a channel whose quantities are read and set. It keeps one quantity per SKU and has no locations."""

    def __init__(self, name: str, client: AmazonClient, *, settings: AmazonSettings, clock: Clock) -> None:
        self._name = name
        self._client = client
        self._settings = settings
        self._clock = clock
        self._channels: dict[str, tuple[str, datetime]] = {}
        self._cursor: PageCursor | None = None
        self._partial: PartialRead | None = None

    async def list_listings(self) -> tuple[Listing, ...]:
        """Return everything that can be bought; variation parents, which hold no quantity, are left out.

        Where Amazon's limits interrupt it, the next call goes on with the page that is missing.
        """
        cursor = self._cursor if self._cursor and self._is_fresh(self._cursor.at, CURSOR_KEPT_S) else None
        self._cursor = cursor = cursor or PageCursor(at=self._clock.now())
        while not cursor.done:
            answer = await self._client.search_listings_items(
                sortBy="createdDate", sortOrder="ASC", **cursor.window, **cursor.token
            )
            self._remember(answer["items"])
            cursor.take(answer)
        self._cursor = None
        return tuple(_listing(item) for item in cursor.found.values() if _channel(item) is not None)

    async def list_locations(self) -> tuple[tuple[str, str], ...]:
        """Return nothing: Amazon counts per listing."""
        return ()

    async def read_levels(self, keys: Sequence[ListingKey]) -> tuple[Level, ...]:
        """Return what shoppers can buy now, Amazon's own stock where Amazon fulfills."""
        items = await self._items([key.listing for key in keys])
        shown = {sku: _quantity(item) for sku, item in items.items() if _channel(item) == MERCHANT}
        fba = [sku for sku, item in items.items() if _channel(item) not in {None, MERCHANT}]
        for start in range(0, len(fba), FBA_PAGE):
            summaries = await self._client.get_inventory_summaries(fba[start : start + FBA_PAGE])
            shown |= {summary["sellerSku"]: _fulfillable(summary) for summary in summaries}
        amazons = frozenset(fba)
        return tuple(
            Level(key=key, units=shown[key.listing], fulfilled_by_channel=key.listing in amazons)
            for key in keys
            if key.listing in shown
        )

    async def set_levels(self, changes: Sequence[LevelChange], *, key: str) -> tuple[LevelResult, ...]:  # noqa: ARG002
        """Set absolute levels. ``last_read`` is not compared: Amazon cannot, and its reads lag behind its writes.

        Where Amazon's limits end a push early, the rest is NOT_SENT.
        """
        await self._know_channels(changes)
        allowed = [change for change in changes if self._refusal(change) is None]
        many = len(allowed) > self._settings.feed_threshold
        sent = await (self._feed(allowed) if many else self._patch_each(allowed))
        ended = {result.key: result for result in sent}
        refused = {
            change.key: LevelResult(key=change.key, state=LevelState.REJECTED, code=code)
            for change in changes
            if (code := self._refusal(change)) is not None
        }
        return tuple((refused | ended)[change.key] for change in changes)

    async def _items(self, skus: Sequence[str]) -> dict[str, Json]:
        """Return the listings of these SKUs; those that Amazon does not know are left out."""
        wanted = list(dict.fromkeys(skus))
        partial = (
            self._partial if self._partial and self._is_fresh(self._partial.at, PARTIAL_KEPT_S) else None
        )
        self._partial = partial = partial or PartialRead(at=self._clock.now())
        # A comma would split one SKU into two.
        plain = [sku for sku in wanted if "," not in sku and sku not in partial.asked]
        for start in range(0, len(plain), PAGE):
            batch = plain[start : start + PAGE]
            answer = await self._client.search_listings_items(
                identifiers=",".join(batch), identifiersType="SKU"
            )
            partial.take(batch, answer["items"])
        for sku in wanted:
            if sku not in partial.asked:
                partial.take([sku], await self._one(sku))
        self._partial = None
        self._remember(partial.found.values())
        return {sku: partial.found[sku] for sku in wanted if sku in partial.found}

    async def _one(self, sku: str) -> list[Json]:
        try:
            return [await self._client.get_listings_item(sku)]
        except RejectedError:
            return []

    def _is_fresh(self, at: datetime, machine_s: float) -> bool:
        return at >= self._clock.now() - timedelta(seconds=machine_s)

    async def _know_channels(self, changes: Sequence[LevelChange]) -> None:
        """See who fulfills each SKU, unless seen a few minutes ago: a patch would make an FBA listing the merchant's.

        Another process may have seen it: a change whose level was just read is of a listing that is the merchant's.
        """
        unseen: list[str] = []
        for change in changes:
            sku, read_at = change.key.listing, change.read_at
            if sku in self._channels and self._is_fresh(self._channels[sku][1], CHANNEL_KNOWN_S):
                continue
            self._channels.pop(sku, None)
            if read_at is not None and self._is_fresh(read_at, CHANNEL_KNOWN_S):
                self._channels[sku] = MERCHANT, read_at
            else:
                unseen.append(sku)
        if unseen:
            await self._items(unseen)

    def _remember(self, items: Any) -> None:
        now = self._clock.now()
        self._channels |= {item["sku"]: (_channel(item) or "", now) for item in items}

    def _refusal(self, change: LevelChange) -> str | None:
        """Return why this level is not written, or None."""
        channel, _seen = self._channels.get(change.key.listing, (None, None))
        if channel is None:
            return "NotFound"
        if channel == "":
            return "NoQuantity"
        return None if channel == MERCHANT else "FulfilledByAmazon"

    async def _patch_each(self, changes: Sequence[LevelChange]) -> list[LevelResult]:
        results: list[LevelResult] = []
        ends = get_running_loop().time() + BUDGET_S
        for change in changes:
            if get_running_loop().time() > ends:
                break
            try:
                results.append(await self._patch(change))
            except (RateLimitError, UnavailableError, OutcomeUnknownError) as error:
                if not results:
                    raise
                if isinstance(error, OutcomeUnknownError):
                    results.append(_unknown(change, "NoAnswer"))
                break
        left = changes[len(results) :]
        return [*results, *(LevelResult(key=change.key, state=LevelState.NOT_SENT) for change in left)]

    async def _patch(self, change: LevelChange) -> LevelResult:
        body = {"productType": PRODUCT_TYPE, "patches": [patch_of(change.units)]}
        try:
            answer = await self._client.patch_listings_item(change.key.listing, body)
        except RejectedError as error:
            return LevelResult(key=change.key, state=LevelState.REJECTED, code=error.code or "Rejected")
        if answer["status"] == "ACCEPTED":
            return LevelResult(key=change.key, state=LevelState.ACCEPTED)
        errors = [issue for issue in answer.get("issues", []) if issue.get("severity") == "ERROR"]
        code = str(errors[0]["code"]) if errors else str(answer["status"])
        return LevelResult(key=change.key, state=LevelState.REJECTED, code=code)

    async def _feed(self, changes: Sequence[LevelChange]) -> list[LevelResult]:
        """Hand everything over in one feed: taken as a whole; what it refuses singly shows on the read-back."""
        messages = [
            {
                "messageId": number,
                "sku": change.key.listing,
                "operationType": "PATCH",
                "productType": PRODUCT_TYPE,
                "patches": [patch_of(change.units)],
            }
            for number, change in enumerate(changes, start=1)
        ]
        header = {"sellerId": await self._client.seller(), "version": "2.0", "issueLocale": "en_US"}
        feed_id = await self._client.submit_listings_feed({"header": header, "messages": messages})
        return [
            LevelResult(key=change.key, state=LevelState.ACCEPTED, code=f"feed {feed_id}")
            for change in changes
        ]


def patch_of(units: int) -> Json:
    """Return the patch of one quantity: merged, so that lead time and restock date stay as they are."""
    return {
        "op": "merge",
        "path": "/attributes/fulfillment_availability",
        "value": [{"fulfillment_channel_code": MERCHANT, "quantity": units}],
    }


def _unknown(change: LevelChange, code: str) -> LevelResult:
    return LevelResult(key=change.key, state=LevelState.UNKNOWN, code=code)


def _channel(item: Json) -> str | None:
    """Return who fulfills: DEFAULT only where nobody else does too; None where there is nothing to fulfill."""
    codes = [entry["fulfillmentChannelCode"] for entry in item.get("fulfillmentAvailability", [])]
    others = [code for code in codes if code != MERCHANT]
    return next(iter([*others, *codes]), None)


def _quantity(item: Json) -> int:
    entries = item["fulfillmentAvailability"]
    return next(int(e.get("quantity", 0)) for e in entries if e["fulfillmentChannelCode"] == MERCHANT)


def _fulfillable(summary: Json) -> int:
    details = summary.get("inventoryDetails", {})
    return int(details.get("fulfillableQuantity", summary.get("totalQuantity", 0)))


def _listing(item: Json) -> Listing:
    summary: Json = next(iter(item.get("summaries", [])), {})
    return Listing(
        listing=item["sku"],
        sku=item["sku"],
        title=str(summary.get("itemName", item["sku"])),
        fulfilled_by_channel=_channel(item) != MERCHANT,
        product=summary.get("productType"),
        catalog=summary.get("asin"),
    )
