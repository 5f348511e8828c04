"""What EasyPost knows: shipments, labels, trackers and subscribers, and its books."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Final

from sandbox import order_lookup
from sandbox.easypost import objects, rating
from sandbox.easypost.calendar import DELIVERY, SCAN, calendar_of
from sandbox.easypost.hooks import Hooks
from sandbox.easypost.objects import HEX, Rate, Scan, Shipment, Tracker
from sandbox.easypost.refusals import Refused, missing, unprocessable
from sandbox.environment import Environment
from sandbox.house import lane, location_of
from sandbox.values import Json, token

KEYS: Final = {True: "EZAKsandboxOnlyNoRealAccount", False: "EZTKsandboxOnlyNoRealAccount"}
"""The account's key in production and in test mode; it opens a stand-in and nothing else."""
CARRIER_SECONDS: Final = 1.5
"""How long EasyPost waits for a carrier that hangs; real seconds, for the caller's patience is real."""
VOID_AFTER: Final = timedelta(minutes=1)
KNOWN_AFTER: Final = timedelta(seconds=2)
SPOILED: Final = 100
"""By how much `postage_changed` raises the booked price."""


@dataclass
class Label:
    """One line of the books: a label that was paid for."""

    shipment: Shipment
    price: int
    at: datetime


class EasyPost:
    """One account with two keys; what is made with one is not seen with the other."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.keys = KEYS
        self.cut = False
        """The keys were revoked."""
        self.hooks = Hooks(env)
        self._made = 0
        self.clear()

    def clear(self) -> None:
        """Forget every parcel; who subscribed stays."""
        self.shipments: dict[str, Shipment] = {}
        self.trackers: dict[str, Tracker] = {}
        self.labels: list[Label] = []
        self._down: dict[str, tuple[str, datetime | None, datetime | None]] = {}
        self._voids_to_reject: Counter[str] = Counter()

    @property
    def live(self) -> bool:
        """Whether the house ships for real."""
        return self.env.house.get("mode") != "test"

    @property
    def key(self) -> str:
        """The key of the mode that the house ships in."""
        return self.keys[self.live]

    # -- what the control port arranges

    def carrier_down(
        self, carrier: str, *, mode: str | None, since: str | None = None, until: str | None = None
    ) -> None:
        """The carrier hangs or errs from now (or `since`) on; no mode brings it back."""
        if mode is None:
            self._down.pop(carrier, None)
            return
        if mode not in ("hang", "error"):
            raise ValueError("a carrier can hang or error")
        bounds = [datetime.fromisoformat(bound) if bound else None for bound in (since, until)]
        self._down[carrier] = (mode, bounds[0], bounds[1])

    def reject_voids(self, carrier: str, *, times: int = 1) -> None:
        """The carrier turns down its next so many voids."""
        self._voids_to_reject[carrier] += times

    def down(self, carrier: str, *, asked: bool = False) -> str | None:
        """`hang`, `error`, or none when the carrier answers; `asked`: it was asked for something just now."""
        planned = self.env.scripted_faults.carrier(carrier, asked=asked)
        if planned is not None:
            return planned
        mode, since, until = self._down.get(carrier, (None, None, None))
        now = self.now()
        away = (since is None or now >= since) and (until is None or now < until)
        return mode if away else None

    def hanging(self, carriers: list[str]) -> bool:
        """Whether EasyPost has to wait for one of them."""
        return any(self.down(carrier) == "hang" for carrier in carriers)

    def carriers(self, asked: Json) -> list[str]:
        """The carriers a shipment is rated with: all, or those that it names, by their accounts or by name."""
        cards = self.env.house.get("cards") or ()
        every = list(dict.fromkeys(str(card["carrier"]) for card in cards))
        accounts, named = asked.get("carrier_accounts") or [], asked.get("carrier")
        if not set(accounts) <= {objects.account(carrier) for carrier in every}:
            # Which code EasyPost gives an account that it does not know is unchecked.
            message = "A carrier account is not one of this user's."
            raise Refused(422, "SHIPMENT.RATE.CARRIER_ACCOUNT_INVALID", message)
        chosen = [carrier for carrier in every if not accounts or objects.account(carrier) in accounts]
        return [carrier for carrier in chosen if named in {None, carrier}]

    # -- what the API does

    def open(self, asked: Json, *, live: bool = True) -> Shipment:
        """Make a shipment and rate it; one that names a service is bought at once, and is not made where it cannot be."""
        now = self.now()
        made = Shipment(self.name("shp"), asked, created=now, updated=now, live=live)
        self.rate(made)
        service = asked.get("service")
        if service is not None:
            chosen = next((each for each in made.rates if each.offer.service == service), None)
            if chosen is None:
                message = f"No rate of the service {service} was found."
                raise Refused(422, "SHIPMENT.RATES.UNAVAILABLE", message)
            self.buy(made, chosen.id, insure=asked.get("insurance"))
        self.shipments[made.id] = made
        return made

    def rate(self, shipment: Shipment) -> None:
        """Ask every carrier for its prices."""
        offers, refusals = rating.rate(self.env.house, shipment.asked)
        troubles = {carrier: self.down(carrier, asked=True) for carrier in self.carriers(shipment.asked)}
        up = [carrier for carrier, trouble in troubles.items() if trouble is None]
        shipment.rates = [Rate(self.name("rate"), offer) for offer in offers if offer.carrier in up]
        messages = {each.carrier: each.message for each in refusals if each.carrier in up}
        messages |= {carrier: _trouble(mode) for carrier, mode in troubles.items() if mode is not None}
        shipment.messages = [
            {"carrier": carrier, "carrier_account_id": objects.account(carrier), "message": message, "type": "rate_error"}
            for carrier, message in messages.items()
        ]  # fmt: skip

    def find(self, name: str) -> Shipment:
        """The shipment of that id, else the newest of that reference, which may stand in its place (docs/shipments, 2026-11)."""
        if name in self.shipments:
            return self.shipments[name]
        for each in reversed(self.shipments.values()):
            if each.asked.get("reference") == name:
                return each
        raise missing()

    def buy(self, shipment: Shipment, rate: str, *, insure: Decimal | None = None) -> None:
        """Buy the label at that rate, and insure the parcel; a shipment has one label at most."""
        if shipment.bought is not None:
            raise Refused(422, "SHIPMENT.POSTAGE.EXISTS", "Postage already exists for this shipment.")
        chosen = next((each for each in shipment.rates if each.id == rate), None)
        if chosen is None:
            raise missing()
        trouble = self.down(chosen.offer.carrier, asked=True)
        if trouble is not None:
            code = "SHIPMENT.POSTAGE.NO_RESPONSE" if trouble == "hang" else "SHIPMENT.POSTAGE.FAILURE"
            raise Refused(422, code, f"Unable to buy postage. {_trouble(trouble)}")
        if not rating.delivers_there(self.env.house, chosen.offer, rating.ends(shipment.asked)[1]):
            raise Refused(422, "SHIPMENT.POSTAGE.FAILURE", "Unable to deliver to a PO box.")
        now = self.now()
        shipment.bought, shipment.bought_at, shipment.updated = chosen, now, now
        shipment.insured = insure
        options = shipment.asked.get("options") or {}
        shipment.forms = [str(options.get("label_format") or "PNG").lower()]
        shipment.tracker = self._track(shipment, chosen, now)
        self._book(shipment, chosen.offer.price, now)

    def refund(self, shipment: Shipment) -> None:
        """Ask the carrier to void the label; it says yes or no a little later."""
        if shipment.bought is None or shipment.tracker is None:
            raise Refused(422, "SHIPMENT.POSTAGE.REQUIRED", "The shipment has no postage.")
        if shipment.refund_status in ("submitted", "refunded"):
            raise unprocessable("A refund was already requested for this shipment.")
        if shipment.tracker.status not in ("unknown", "pre_transit"):
            raise unprocessable("The parcel was already scanned by its carrier.")
        shipment.refund_status = "submitted"
        shipment.updated = self.now()
        self.env.at(self.now() + VOID_AFTER, lambda: self._decide_void(shipment))

    def now(self) -> datetime:
        """The present instant."""
        return self.env.clock.now()

    def name(self, prefix: str) -> str:
        """A new id."""
        self._made += 1
        return f"{prefix}_{token('easypost', prefix, self._made, length=32, alphabet=HEX)}"

    def books(self) -> Json:
        """What truly was bought."""
        labels = [self._booked(label) for label in self.labels]
        return {
            "labels": labels,
            "postage": sum(label["price"] for label in labels if not label["refunded"]),
            "shipments": len(self.shipments),
            **self.env.counts("easypost"),
        }

    def credentials(self, url: str) -> Json:
        """What a client needs."""
        keys = {"live": self.keys[True], "test": self.keys[False]}
        return {"url": f"{url}/v2", "key": self.key, "keys": keys}

    # -- inside

    def _booked(self, label: Label) -> Json:
        shipment = label.shipment
        offer = shipment.bought.offer if shipment.bought else None
        sender, receiver = rating.ends(shipment.asked)
        return {
            "shipment": shipment.id,
            "reference": shipment.asked.get("reference"),
            "tracking": shipment.tracker.code if shipment.tracker else None,
            "carrier": offer.carrier if offer else None,
            "service": offer.service if offer else None,
            "price": label.price,
            "insurance": int(shipment.insurance_fee() * 100),
            "currency": offer.currency if offer else None,
            "refunded": shipment.refund_status == "refunded",
            "refund_status": shipment.refund_status,
            "at": label.at.isoformat(),
            "bought_at": label.at.isoformat(),
            "order": order_lookup.named_in(self.env, shipment.asked.get("reference")),
            "from": location_of(self.env.house, sender),
            "to": lane(receiver),
            "gross_g": rating.grams(shipment.asked["parcel"]["weight"]),
            "format": shipment.forms[0] if shipment.forms else None,
            "status": shipment.tracker.status if shipment.tracker else None,
            "live": shipment.live,
        }

    def _book(self, shipment: Shipment, price: int, now: datetime) -> None:
        subject = str(shipment.asked.get("reference") or shipment.id)
        if self.env.sabotage.hits("postage_changed", subject):
            price += SPOILED
        self.labels.append(Label(shipment, price, now))
        if self.env.sabotage.hits("label_doubled", subject):
            self.labels.append(Label(shipment, price, now))

    def _track(self, shipment: Shipment, chosen: Rate, now: datetime) -> Tracker:
        """The label's tracker, and the timers of what its carrier will say."""
        house = self.env.house
        sender = location_of(house, rating.ends(shipment.asked)[0])
        calendar = calendar_of(house["locations"][sender] if sender else None)
        leaves = calendar.ships(now)
        # A cut-off after the carrier's round: it comes once more for what was bought since.
        scanned = max(calendar.instant(leaves, SCAN), now + KNOWN_AFTER)
        arrives = calendar.instant(calendar.after(leaves, chosen.offer.days), DELIVERY)
        tracker = Tracker(
            self.name("trk"), self._number(chosen.offer.carrier), chosen.offer.carrier, now, now,
            shipment=shipment.id, due=arrives, live=shipment.live, is_return=bool(shipment.asked.get("is_return")),
        )  # fmt: skip
        self.trackers[tracker.id] = tracker
        self._announce("tracker.created", shipment, objects.tracker(tracker), before={})
        steps = (
            (now + KNOWN_AFTER, "pre_transit", "label_created", "Shipping label created"),
            (scanned, "in_transit", "arrived_at_facility", "Scanned by the carrier"),
            (arrives, "delivered", "arrived_at_destination", "Delivered"),
        )
        for when, status, detail, message in steps:
            scan = Scan(when, status, detail, message)
            self.env.at(when, partial(self._scan, shipment, tracker, scan))
        return tracker

    def _scan(self, shipment: Shipment, tracker: Tracker, scan: Scan) -> None:
        if shipment.refund_status in ("submitted", "refunded"):
            return
        before = {"status": tracker.status}
        tracker.status, tracker.detail, tracker.updated = scan.status, scan.detail, scan.at
        tracker.scans.append(scan)
        self._announce("tracker.updated", shipment, objects.tracker(tracker), before=before)

    def _announce(self, kind: str, shipment: Shipment, subject: Json, *, before: Json) -> None:
        about = sorted(order_lookup.of_parcel(self.env, shipment.asked))
        order = about[0] if about else None
        self.hooks.announce(kind, subject, before=before, live=shipment.live, order=order)

    def _decide_void(self, shipment: Shipment) -> None:
        carrier = shipment.bought.offer.carrier if shipment.bought else ""
        orders = order_lookup.of_parcel(self.env, shipment.asked)
        rejected = self._voids_to_reject[carrier] > 0
        self._voids_to_reject[carrier] -= rejected
        rejected = rejected or self.env.scripted_faults.void_rejected(carrier, orders)
        shipment.refund_status = "rejected" if rejected else "refunded"
        shipment.updated = self.now()
        if not rejected:
            self._announce(
                "refund.successful", shipment, objects.refund(shipment), before={"status": "submitted"}
            )

    def _number(self, carrier: str) -> str:
        """A tracking number that looks like the carrier's."""
        count = len(self.trackers) + 1
        shapes = {"USPS": f"94001{count:017d}", "UPS": f"1Z999AA1{count:010d}", "FedEx": f"7949{count:08d}"}
        return shapes.get(carrier, f"{carrier.upper()}{count:010d}")


def _trouble(mode: str | None) -> str:
    if mode == "hang":
        return "The carrier did not respond in time."
    return "The carrier's system returned an error."
