"""Random walks over Stripe's own descriptions: no 500, no answer outside the types, no refusal that changed something.

What fails is shrunk: steps and parameters are left out as long as it fails still.
"""

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from sandbox.clock import SteppedClock
from sandbox.house import usual
from sandbox.stripe import build
from sandbox.stripe.cards import CARDS
from sandbox.stripe.expanding import EXPANDED, NOT_EXPANDED
from sandbox.stripe.fidelity import OPERATIONS, ROWS
from sandbox.values import Json
from sandbox.world import World
from tests.sandbox import stripe_contract
from tests.sandbox.stand import MONDAY_NOON, served
from tests.sandbox.stripe_contract import Parameter, unfit, unfit_error

STEPS = 50
"""The length of one walk."""
CALLS = 100
"""How many calls come of one seed, at least."""
SAVED = "Idempotent-Replayed"
NAMED = {
    "payment_intent": "intent", "charge": "charge", "intent": "intent", "id": "event", "customer": "customer",
    "starting_after": "any", "ending_before": "any", "refund": "refund",
}  # fmt: skip
"""Which object a parameter, or a part of a path, names."""
LETTERS = "aZ09 _.,-+[]{}&=%?#/\\'\"<>äß€💥\x00\n\t"
HAPPENS = ("hour", "week", "dispute", "inquiry", "review", "looked at", "takes", "holds")
OFFERED = [row.operation for row in OPERATIONS if row.offered]
OTHERS = [row.operation for row in OPERATIONS if not row.offered]


@dataclass(frozen=True)
class Ref:
    """The nth object of a kind that the walk has met, counted round."""

    kind: str
    nth: int


@dataclass(frozen=True)
class Ask:
    """One call."""

    operation: str
    way: Ref
    form: tuple[tuple[str, str | Ref], ...]
    key: str | None


@dataclass(frozen=True)
class Happens:
    """What happens at Stripe by itself: time, a cardholder, a rule of the merchant's."""

    what: str
    nth: int


Step = Ask | Happens


# ---- what is asked


def a_walk(dice: random.Random) -> list[Step]:
    """Payments and what moves their money, every operation, and what happens by itself."""
    way: list[Step] = []
    for _number in range(STEPS):
        kept = [step for step in way if isinstance(step, Ask) and step.key]
        way.append(dice.choice(kept) if kept and dice.random() < 0.05 else _step(dice))
    return way


def _step(dice: random.Random) -> Step:
    lot = dice.random()
    if lot < 0.15:
        return _payment(dice)
    if lot < 0.45:
        return _move(dice)
    if lot < 0.6:
        return Happens(dice.choice(HAPPENS), dice.randrange(10))
    return _any(dice, dice.choice(OFFERED if lot < 0.95 else OTHERS))


def _payment(dice: random.Random) -> Ask:
    """A payment that mostly comes about."""
    form = [
        ("amount", dice.choice(("1", "50", "5000", "99999999"))),
        ("currency", dice.choice(("usd", "EUR", "jpy"))),
    ]
    more = (
        ("payment_method", dice.choice(sorted(CARDS))), ("confirm", "true"), ("capture_method", "manual"),
        ("customer", "cus_1"), ("metadata[order]", _text(dice, 8)),
    )  # fmt: skip
    form += [
        pair for pair, chance in zip(more, (0.9, 0.8, 0.4, 0.3, 0.3), strict=True) if dice.random() < chance
    ]
    return Ask("POST /v1/payment_intents", _ref(dice, "intent"), tuple(form), _key(dice))


def _move(dice: random.Random) -> Ask:
    """A capture, a cancellation or a refund that mostly comes about."""
    intent, size = _ref(dice, "intent"), dice.choice(("1", "20", "4999", "5001"))
    what = dice.choice(("capture", "cancel", "refund", "refund"))
    less: tuple[tuple[str, str | Ref], ...] = ()
    if dice.random() < 0.5:
        name = {"capture": "amount_to_capture", "cancel": "cancellation_reason", "refund": "amount"}[what]
        less = ((name, "duplicate" if what == "cancel" else size),)
    if what == "refund":
        return Ask("POST /v1/refunds", intent, (("payment_intent", intent), *less), _key(dice))
    return Ask(f"POST /v1/payment_intents/{{intent}}/{what}", intent, less, _key(dice))


def _any(dice: random.Random, operation: str) -> Ask:
    """A call with parameters that the descriptions name for it, and some that nobody knows."""
    named, row = stripe_contract.parameters(operation), ROWS[operation]
    fine = sorted(name for name in row.honoured if name in named)
    form: list[tuple[str, str | Ref]] = []
    for _number in range(dice.randrange(4)):
        lot = dice.random()
        if fine and lot < 0.85:
            form.append(_pair(dice, (name := dice.choice(fine)), named[name], operation))
        elif named and lot < 0.97:
            form.append(_pair(dice, (name := dice.choice(sorted(named))), named[name], operation))
        else:
            form.append((_text(dice, 12), _text(dice, 12)))
    parts = [part.strip("{}") for part in operation.split("/") if part.startswith("{")]
    kind = NAMED.get(parts[0], "any") if parts and dice.random() < 0.9 else "any"
    return Ask(operation, _ref(dice, kind), tuple(form), _key(dice))


def _pair(dice: random.Random, name: str, said: Parameter, operation: str) -> tuple[str, str | Ref]:
    head, *parts = name.split(".")
    shown = head + "".join(f"[{part}]" for part in parts) + ("[]" if said.many else "")
    if name == "metadata":
        return f"metadata[{_text(dice, 6)}]", _text(dice, 8)
    if dice.random() < 0.1:
        return shown, dice.choice(("", "9" * 600, _text(dice, 20)))
    return shown, _value(dice, name, said, operation)


def _value(dice: random.Random, name: str, said: Parameter, operation: str) -> str | Ref:
    """A value that the descriptions allow."""
    words: dict[str, tuple[str, ...]] = {
        "payment_method": tuple(sorted(CARDS)),
        "url": ("http://127.0.0.1:1/in",),
        "currency": ("usd", "EUR", "jpy"),
        "enabled_events": ("*", "charge.captured", "customer.created"),
        "payment_method_types": ("card",),
        "expand": _expansions(operation),
    }
    kinds = {
        "boolean": ("true", "false"),
        "integer": ("0", "1", "2", "100", "4999", "5000", str(int(MONDAY_NOON.timestamp())), "-1"),
    }
    if name in NAMED:
        return _ref(dice, NAMED[name])
    choices = words.get(name) or said.words or kinds.get(said.kind)
    return dice.choice(choices) if choices else _text(dice, 30)


def _expansions(operation: str) -> tuple[str, ...]:
    """Every expansion of one or two levels that a description knows, and one that leads nowhere."""
    found = {"nowhere"}
    prefix = "data." if operation.startswith("GET") and not operation.endswith("}") else ""
    for kind, fields in EXPANDED.items():
        for field, following in fields.items():
            found |= {f"{prefix}{field}", *(f"{prefix}{field}.{inner}" for inner in EXPANDED[following])}
        found |= {f"{prefix}{field}" for field in NOT_EXPANDED.get(kind, ())}
    return tuple(sorted(found))


def _ref(dice: random.Random, kind: str) -> Ref:
    return Ref(kind, dice.randrange(10))


def _key(dice: random.Random) -> str | None:
    if dice.random() < 0.6:
        return None
    return "k" * 256 if dice.random() < 0.05 else f"key-{dice.randrange(30)}"


def _text(dice: random.Random, most: int) -> str:
    return "".join(dice.choices(LETTERS, k=dice.randrange(most + 1)))


# ---- how it is walked


class Walker:
    """Walks on one stand-in that is being served, each walk in an account without payments."""

    def __init__(self, world: World, url: str, http: aiohttp.ClientSession) -> None:
        self._world, self._state, self._url, self._http = world, world.stripe, url, http
        self.calls = 0

    async def walk(self, way: list[Step]) -> None:
        """Take every step; fail at the first answer that Stripe could not have given."""
        self._state.env.forget()
        self._state.clear()
        self._state.endpoints.clear()
        self._answered: list[tuple[str, str, int, Json]] = []
        for step in way:
            if isinstance(step, Ask):
                await self._ask(step)
            else:
                await self._happens(step)
            self._books_hold(step)
        for event in self._state.events.values():
            assert unfit(event) is None, (event["type"], unfit(event))

    async def _ask(self, ask: Ask) -> None:
        method, path = ask.operation.split()
        form = urlencode([(name, self._named(value)) for name, value in ask.form])
        place = path.split("{")[0] + (self._named(ask.way) + path.partition("}")[2] if "{" in path else "")
        headers = {
            "Authorization": f"Bearer {self._state.key}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        if ask.key:
            headers["Idempotency-Key"] = ask.key
        url, body = self._url + place, form if method == "POST" else None
        if method != "POST" and form:
            url += f"?{form}"
        before = self._kept()
        async with self._http.request(method, URL(url, encoded=True), data=body, headers=headers) as answer:
            self.calls += 1
            found = await answer.json()
            self._judge(ask, answer.status, found)
            if answer.status >= 400 and answer.status != 402:
                assert self._kept() == before, (ask, found)
            if answer.headers.get(SAVED):
                assert self._kept() == before, (ask, found)
                assert (place, form, answer.status, found) in self._answered, ask
            self._answered.append((place, form, answer.status, found))

    def _judge(self, ask: Ask, status: int, found: Json) -> None:
        assert status < 500, (ask, status, found)
        if status == 200:
            assert ROWS[ask.operation].offered, ask
            assert unfit(found) is None, (ask, unfit(found))
        else:
            assert unfit_error(found) is None, (ask, status, unfit_error(found))
            if not ROWS[ask.operation].offered and status != 404:
                assert found["error"].get("code") == "not_offered_here", (ask, found)

    async def _happens(self, step: Happens) -> None:
        clock, state = self._world.clock, self._state
        if step.what in ("hour", "week"):
            by = timedelta(hours=1) if step.what == "hour" else timedelta(days=7)
            await _settled()
            await clock.move_to(clock.now() + by)
            await _settled()
        elif step.what in ("takes", "holds"):
            state.take(
                5000 + step.nth, "USD", capture=step.what == "takes", metadata={"order": f"KK-{step.nth}"}
            )
        else:
            payment = state.payments.get(self._named(Ref("intent", step.nth)))
            if payment is None or not payment.charged:
                return
            if step.what in ("dispute", "inquiry") and payment.captured and payment.dispute is None:
                state.dispute(payment.id, inquiry=step.what == "inquiry")
            elif step.what == "review" and payment.review is None:
                state.open_review(payment.id)
            elif step.what == "looked at" and payment.review is not None:
                state.close_review(payment.id)

    def _named(self, value: str | Ref) -> str:
        if isinstance(value, str):
            return value
        known = self._known(value.kind)
        return known[value.nth % len(known)] if known else f"{value.kind}_none"

    def _known(self, kind: str) -> list[str]:
        payments = list(self._state.payments.values())
        lists = {
            "intent": [each.id for each in payments],
            "charge": [each.charge for each in payments],
            "refund": [given.id for each in payments for given in each.refunds],
            "event": list(self._state.events),
            "customer": ["cus_1", "cus_2"],
        }
        return lists[kind] if kind in lists else [name for names in lists.values() for name in names]

    def _kept(self) -> tuple[Any, ...]:
        """What a refusal must leave as it was."""
        return (self._state.books()["payments"], len(self._state.events), len(self._state.endpoints))

    def _books_hold(self, step: Step) -> None:
        for payment in self._state.payments.values():
            assert 0 <= payment.refunded <= payment.captured <= payment.amount, (step, payment)
            assert payment.captured == 0 or payment.status == "succeeded", (step, payment)


async def _settled() -> None:
    """Let timers that were set just now begin to wait, and those that came do what they do."""
    for _turn in range(5):
        await asyncio.sleep(0)


# ---- what becomes of a walk that fails


@dataclass(frozen=True)
class Wrong:
    """A walk that fails, with the fewest steps that fail still."""

    seed: int
    way: list[Step]
    why: str

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.why}\nafter" + "".join(f"\n  {step}" for step in self.way)


async def walked(seeds: range) -> str | None:
    """Make a hundred calls and more from each seed; what is wrong with the first walk that fails."""
    wrong = await first_wrong(seeds)
    return str(wrong) if wrong else None


async def first_wrong(seeds: range) -> Wrong | None:
    """The first walk that fails from one of the seeds, shrunk."""
    async with _walking() as walker:
        for seed in seeds:
            dice, enough = random.Random(seed), walker.calls + CALLS
            while walker.calls < enough:
                way = a_walk(dice)
                if await _failure(walker, way) is not None:
                    fewest = await _shrunk(walker, way)
                    return Wrong(seed, fewest, str(await _failure(walker, fewest)))
    return None


@asynccontextmanager
async def _walking() -> AsyncIterator[Walker]:
    with tempfile.TemporaryDirectory() as folder:
        world = World(SteppedClock(MONDAY_NOON, Path(folder) / "clock"), house=usual())
        async with served(build(world.stripe)) as url, aiohttp.ClientSession() as http:
            yield Walker(world, url, http)
            await world.close()


async def _failure(walker: Walker, way: list[Step]) -> str | None:
    """Why the walk fails, or none."""
    try:
        await walker.walk(way)
    except Exception as wrong:  # noqa: BLE001  whatever it is, it is looked at
        return f"{type(wrong).__name__}: {str(wrong)[:1000]}"
    return None


async def _shrunk(walker: Walker, way: list[Step]) -> list[Step]:
    """The walk without every step, and every parameter, that it fails without."""
    smaller = True
    while smaller:
        smaller = False
        for less in _smaller(way):
            if await _failure(walker, less) is not None:
                way, smaller = less, True
                break
    return way


def _smaller(way: list[Step]) -> Iterator[list[Step]]:
    """The walk with something left out, much of it first."""
    size = max(1, len(way) // 2)
    while True:
        for start in range(0, len(way), size):
            yield way[:start] + way[start + size :]
        if size == 1:
            break
        size //= 2
    for place, step in enumerate(way):
        if isinstance(step, Ask):
            for pair in step.form:
                form = tuple(other for other in step.form if other is not pair)
                yield [*way[:place], replace(step, form=form), *way[place + 1 :]]
            if step.key is not None:
                yield [*way[:place], replace(step, key=None), *way[place + 1 :]]
