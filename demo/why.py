"""Why an order went the way it went: what the other rates lacked, what held it, who shipped it."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from day.located_yaml import Json
from demo.figures import Told, Words
from demo.money import amount


def why(told: Told, figures: Json, words: Words) -> str:
    """Return the reasons in a few words."""
    return "; ".join(_reasons(told, figures, words))


def _reasons(told: Told, figures: Json, words: Words) -> Iterator[str]:
    outcome = figures["outcome"]
    if outcome == "shipped_elsewhere":
        yield _elsewhere(told, words)
        return
    if outcome == "fulfilled_by_amazon":
        yield "FBA"
        return
    for fact in told.of("held"):
        yield from _held(fact, told)
    if told.view["parked"]:
        yield f"stopped: {told.view['parked']}"
    if outcome == "cancelled":
        yield f"cancelled {words.clock(told.facts[-1]['at'])}"
        return
    for parcel in told.view["voided"]:
        yield f"first label {amount(parcel['price_minor'], parcel['currency'])} voided"
    bought = [p for p in told.view["parcels"] if p["tracking"]]
    if len(bought) == 1:
        yield from _rates(bought[0])
    for parcel in bought:
        yield from _leaves(parcel, words)


def _elsewhere(told: Told, words: Words) -> str:
    for event in words.day.events:
        if (
            event.verb == "other_tool"
            and event.what.get("order") == told.view["number"]
            and event.what["do"] == "ship"
        ):
            return f"{event.what['name']} shipped it at {words.clock(event.at.isoformat())}"
    return "shipped by a third party"


def _held(fact: Json, told: Told) -> Iterator[str]:
    reason = fact["reason"]
    if reason == "awaiting_channel":
        return  # Amazon's own PENDING: every order of that kind passes through it
    ended = next(
        (f["at"] for f in told.of("released") if f["reason"] == reason and f["at"] >= fact["at"]), None
    )
    what = _cause(reason, told, fact)
    if ended is None:
        yield f"held: {what}" if told.outcome == "held" else what
    else:
        yield f"held {_length(fact['at'], ended)}: {what}"


def _cause(reason: str, told: Told, fact: Json) -> str:
    checks = list(told.of("payment_checked"))
    at = [c for c in checks if c["at"] <= fact["at"]] or checks
    last: Json = at[-1] if at else {}
    if reason == "risk" and last.get("risk_score") is not None:
        return f"risk {last['risk_score']}"
    if reason == "payment_short" and last.get("difference"):
        short: Any = last["difference"]
        return f"{amount(abs(short['minor']), short['currency'])} short"
    return f"{reason.replace('_', ' ')}" + (f" ({fact['detail']})" if fact.get("detail") else "")


def _length(begun: str, ended: str) -> str:
    gone = datetime.fromisoformat(ended) - datetime.fromisoformat(begun)
    if gone >= timedelta(hours=20):
        return "a day" if gone < timedelta(hours=36) else f"{round(gone / timedelta(days=1))} days"
    minutes = int(gone.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"  # noqa: PLR2004 - two hours


def _rates(parcel: Json) -> Iterator[str]:
    rates = parcel["rates"]
    chosen = next((r for r in rates if r["reason"] == "chosen"), None)
    if chosen is None:
        return
    out = ["PO box"] if any(r["reason"] == "no_po_box" for r in rates) else []
    out += [f"{rate['carrier']} silent" for rate in rates if rate["reason"] == "no_answer"]
    yield from out
    late = [r for r in rates if r["reason"] == "late" and r["price_minor"] < chosen["price_minor"]]
    if late:
        yield f"{len(late)} cheaper {'one' if len(late) == 1 else 'ones'} late"
        return
    dearer = [r for r in rates if r["reason"] == "dearer"]
    if dearer and not out:
        least = min(r["price_minor"] for r in dearer)
        yield ", ".join(
            f"{r['carrier']} {amount(least, r['currency'])}" for r in dearer if r["price_minor"] == least
        )


def _leaves(parcel: Json, words: Words) -> Iterator[str]:
    place = words.day.config["locations"][parcel["location"]]
    bought = datetime.fromisoformat(parcel["bought_at"]).astimezone(words.zone_of(parcel["location"]))
    leaves = date.fromisoformat(parcel["ship_day"])
    if leaves != bought.date():
        late = bought.strftime("%H:%M") > str(place.get("cutoff", "24:00"))
        cause = (
            f": past {parcel['location'].title()}'s cut-off"
            if late
            else f": {parcel['location'].title()} is closed"
        )
        yield f"leaves {leaves:%a}{cause}"
