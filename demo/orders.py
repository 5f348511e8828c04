"""Random orders, drawn from a seed: whole, exact, and never more than a channel shows."""

import random
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from day.located_yaml import Json

PRICES: Final[Mapping[str, int]] = {
    "CHEF-8": 8900, "BOARD-WAL": 5900, "BREAD-10": 6900, "UTIL-5": 3900, "PARE-3": 2900, "SKILLET-12": 7900,
    "SOCKS-CHEF": 1400, "TONGS-9": 1900, "DUTCH-6": 14900, "SET-KNIFE-BOARD": 12900, "SET-KNIVES-4": 18900,
}  # fmt: skip
OTHER_PRICE: Final = 2500
NAMES: Final = ("Kai", "Kira", "Knut", "Karin", "Kofi", "Keiko", "Klara", "Kenji", "Katya", "Kurt")
FAMILIES: Final = ("Keller", "Kovacs", "Kaya", "Kim", "Kemp", "Koch", "Kuhn", "King", "Katz", "Kerr")
PLACES: Final = (
    ("Portland", "OR", "97205", 0), ("Seattle", "WA", "98101", 1035), ("Los Angeles", "CA", "90012", 950),
    ("Phoenix", "AZ", "85004", 860), ("Denver", "CO", "80202", 881), ("Austin", "TX", "78701", 825),
    ("Chicago", "IL", "60607", 1025), ("Columbus", "OH", "43215", 750), ("Miami", "FL", "33130", 700),
    ("New York", "NY", "10013", 888), ("Boston", "MA", "02110", 625), ("Philadelphia", "PA", "19103", 800),
)  # fmt: skip
"""City, state, postcode, sales tax in hundredths of a percent."""
PROTECTION: Final[Json] = {
    "sku": "PROTECT-198",
    "title": "Package protection",
    "qty": 1,
    "price": 198,
    "ships": False,
}
METHODS: Final = {"Standard": 695, "Express": 1495}
DELIVERY_DAYS: Final = {"STANDARD": 9, "EXPEDITED": 6}


class SoldOut(Exception):  # noqa: N818  nothing is wrong: there is just nothing left to buy
    """The channel shows nothing that can be bought."""


def for_shop(rng: random.Random, shown: Mapping[str, int], *, name: str) -> Json:
    """An order at the shop; `shown` is what it offers, by `SKU@location`."""
    city = rng.choice(PLACES)
    lines: list[Json] = [
        {"sku": sku, "qty": qty, "price": _price(sku)} for sku, qty in _basket(rng, _best(shown))
    ]
    free = _chance(rng, 4)
    for line in lines:
        if free or _chance(rng, 15):
            gross = line["price"] * line["qty"]
            line["discount"] = gross if free else gross // 10
    if not free and _chance(rng, 15):
        lines.append(dict(PROTECTION))
    method = rng.choices(("Standard", "Express"), weights=(85, 15))[0]
    shipping = 0 if free or _chance(rng, 20) else METHODS[method]
    base = sum(line["price"] * line["qty"] - line.get("discount", 0) for line in lines) + shipping
    included = _chance(rng, 20)
    tax = _tax(base, city[3], included=included)
    total = base if included else base + tax
    return {
        "channel": "shop", "id": name, "customer": _customer(rng, name), "ship_to": _address(rng, city),
        "method": method, "lines": lines, "shipping": shipping, "tax": tax, "tax_included": included,
        "total": total, "currency": "USD", "pay": _payments(rng, total),
    }  # fmt: skip


def for_amazon(
    rng: random.Random,
    shown: Mapping[str, Mapping[str, int]],
    *,
    name: str,
    now: datetime,
    of: Mapping[str, Json],
) -> Json:
    """An order on Amazon; `shown` is what is offered, by fulfilment (`levels`, `fba`) and listing."""
    fba = bool(_offered(shown["fba"])) and (_chance(rng, 15) or not _offered(shown["levels"]))
    basket = _basket(rng, shown["fba"] if fba else shown["levels"], most=1 if fba else 2)
    lines: list[Json] = [
        {"listing": listing, "qty": qty, "price": _listed_price(of.get(listing) or {})}
        for listing, qty in basket
    ]
    city = rng.choice(PLACES)
    level = rng.choices(("STANDARD", "EXPEDITED"), weights=(80, 20))[0]
    shipping = 0 if fba or _chance(rng, 50) else (999 if level == "EXPEDITED" else 599)
    base = sum(line["price"] * line["qty"] for line in lines) + shipping
    tax = _tax(base, city[3], included=False)
    order: Json = {
        "channel": "amz", "id": name, "customer": {"name": _person(rng), "email": None},
        "ship_to": _address(rng, city), "status": rng.choices(("PENDING", "UNSHIPPED"), weights=(40, 60))[0],
        "fulfilled_by": "merchant", "service_level": level, "lines": lines, "shipping": shipping, "tax": tax,
        "tax_included": False, "tax_collected_by": "marketplace", "total": base + tax, "currency": "USD",
    }  # fmt: skip
    if fba:
        return order | {"customer": {"name": None, "email": None}, "ship_to": None, "status": "SHIPPED",
                        "fulfilled_by": "amazon", "service_level": "STANDARD"}  # fmt: skip
    ship_by = now + timedelta(days=2)
    deliver_by = now + timedelta(days=DELIVERY_DAYS[level])
    return order | {"ship_by": _evening(ship_by), "deliver_by": _evening(deliver_by)}


def _chance(rng: random.Random, percent: int) -> bool:
    return rng.randrange(100) < percent


def _best(shown: Mapping[str, int]) -> dict[str, int]:
    """What one location alone can fill, by SKU: no shopper's line needs to be split."""
    most: defaultdict[str, int] = defaultdict(int)
    for place, quantity in shown.items():
        sku = place.rpartition("@")[0]
        most[sku] = max(most[sku], quantity)
    return dict(most)


def _offered(shown: Mapping[str, int]) -> list[str]:
    return sorted(listing for listing, quantity in shown.items() if quantity > 0)


def _basket(rng: random.Random, shown: Mapping[str, int], *, most: int = 3) -> list[tuple[str, int]]:
    offered = _offered(shown)
    if not offered:
        raise SoldOut
    count = min(len(offered), rng.choices(range(1, most + 1), weights=(70, 22, 8)[:most])[0])
    return [(listing, min(shown[listing], _quantity(rng))) for listing in rng.sample(offered, count)]


def _quantity(rng: random.Random) -> int:
    return rng.choices((1, 2, 3), weights=(80, 15, 5))[0]


def _payments(rng: random.Random, total: int) -> list[Json]:
    """How the shopper pays: by gateway, now or at shipping, whole or split."""
    if total == 0:
        return []
    how = rng.choices(("now", "later", "split", "own", "manual"), weights=(52, 20, 10, 13, 5))[0]
    if how == "own":
        return [_payment("shopify_payments", total)]
    if how == "manual":
        return [_payment("manual", total)]
    level, score = rng.choices((("normal", 12), ("elevated", 68), ("highest", 84)), weights=(90, 4, 6))[0]
    risk = {"level": level, "score": score}
    if how == "split":
        card = rng.randint(1, max(1, total // 2))
        rest = total - card
        gift = [_payment("gift_card", rest)] if rest > 0 else []
        return [*gift, _payment("stripe", card) | {"risk": risk}]
    return [_payment("stripe", total) | {"capture": how, "risk": risk}]


def _payment(gateway: str, amount: int) -> Json:
    return {"gateway": gateway, "amount": amount, "currency": "USD", "capture": "now"}


def _price(sku: str) -> int:
    return PRICES.get(sku, OTHER_PRICE)


def _listed_price(of: Json) -> int:
    """What an Amazon listing costs: its parts, with ten cents more so that the two channels differ."""
    return sum(_price(sku) * count for sku, count in of.items()) + 10 if of else OTHER_PRICE


def _tax(base: int, rate: int, *, included: bool) -> int:
    """Sales tax in minor units, half rounded up; inside the base or on top of it."""
    whole = 10_000 + rate if included else 10_000
    return (2 * base * rate + whole) // (2 * whole)


def _person(rng: random.Random) -> str:
    return f"{rng.choice(NAMES)} {rng.choice(FAMILIES)}"


def _customer(rng: random.Random, name: str) -> Json:
    return {
        "name": _person(rng),
        "email": f"shopper-{name.casefold()}@example.test",
        "orders_before": rng.randint(0, 5),
    }


def _address(rng: random.Random, city: tuple[str, str, str, int]) -> Json:
    street = f"PO Box {rng.randint(10, 999)}" if _chance(rng, 8) else f"{rng.randint(1, 999)} Kitchen Road"
    return {
        "street1": street, "city": city[0], "state": city[1], "zip": city[2], "country": "US",
        "phone": f"+1503555{rng.randint(0, 9999):04d}",
    }  # fmt: skip


def _evening(day: datetime) -> str:
    return day.strftime("%Y-%m-%dT23:59:59-08:00")
