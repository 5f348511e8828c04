"""What a support agent reads of orders at the command line: amounts as money, every hold with its reason, searches."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commands.order_text import order_lines
from core.domain.commit import NewOrder, OrderCommit, Reserve, Sealed
from core.domain.state import OrderState, ParcelState
from core.engine.hub import Hub
from core.model.facts import (
    Fact,
    Held,
    LabelBought,
    Parked,
    PaymentChecked,
    Received,
    TransactionVerdict,
)
from core.model.holds import Hold
from core.model.money import Money
from core.model.order import Order, OrderLine
from core.model.payment import PaymentState
from core.model.products import Product
from core.model.shipment import TrackingState
from core.model.stock import Need
from core.store.products import save_products
from core.store.stock import count_stock
from tests.command import Said, command, in_hub, rows
from tests.core.store.builders import an_order
from tests.core.store.test_spelling import QUOTED
from tests.installed import MERCHANT

PLACED = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
CHECKED = PLACED + timedelta(minutes=1)


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Said]:
    yield from command(tmp_path, monkeypatch, capsys)


def money(minor: int, currency: str = "USD") -> Money:
    return Money(minor=minor, currency=currency)


def sold(number: str, *, total: Money, sku: str, minutes: int = 0) -> Order:
    line = OrderLine(
        line_id="1", listing=sku, sku=sku, title=f"Title of {sku}", quantity=2, open_quantity=2,
        unit_price=total, discount=total, tax=money(0, total.currency),
    )  # fmt: skip
    placed = PLACED + timedelta(minutes=minutes)
    kept = an_order(number, placed_at=placed)
    nothing = {name: money(0, total.currency) for name, value in kept if isinstance(value, Money)}
    totals = {"total": total, "total_presentment": total}
    return kept.model_copy(update={**nothing, **totals, "lines": (line,)})


def checked(paid: Money, *, short: int) -> PaymentChecked:
    verdict = TransactionVerdict(
        transaction_id="t1",
        gateway="stripe",
        authority="pay",
        state=PaymentState.SHORT,
        amount=paid,
        captured=paid,
    )
    return PaymentChecked(
        at=CHECKED, state=PaymentState.SHORT, of="x", verdicts=(verdict,), paid=paid, difference=money(-short),
        risk_score=76,
    )  # fmt: skip


HELD: tuple[Fact, ...] = (
    checked(money(10340), short=2000),
    Held(at=CHECKED, reason=Hold.PAYMENT_SHORT, detail="20.00 USD short"),
    Held(at=CHECKED, reason=Hold.RISK, detail="risk 76"),
    Held(at=CHECKED, reason=Hold.UNLINKED_SKU, detail="Mug with cat"),
)
PARKED = Parked(at=CHECKED, step="buy", error="RejectedError", message="post: the wallet is empty")


async def known(hub: Hub, order: Order, *facts: Fact, email: str | None = None) -> None:
    """Commit an order that takes two units, with what is told of it."""
    need = Need(line_id="1", sku=order.lines[0].sku or "", units=2)
    create = NewOrder(
        connection="shop", external_id=order.order_id, number=order.number, placed_at=order.placed_at
    )
    await hub.store.commit(
        OrderCommit(
            merchant=MERCHANT, order_id=f"shop:{order.order_id}", at=PLACED, create=create, expect=0,
            happened=(Received(at=order.placed_at, actor="channel", order=order, needs=(need,)), *facts),
            reserve=Reserve(needs=(need,), locations=("reno",)),
            sealed=Sealed(personal_json="{}", search=(("email", email),)) if email else None,
            references=(("payment", f"pi_{order.order_id}"), ("tracking", f"1Z{order.order_id}")),
        )
    )  # fmt: skip


async def three_orders(hub: Hub) -> None:
    products = [Product(sku=sku, title=sku, weight_g=100, size_mm=(1, 1, 1)) for sku in ("CHEF-8", "MUG")]
    await hub.store.write(save_products, MERCHANT, products)
    await hub.store.write(
        count_stock, MERCHANT, [("CHEF-8", "reno", 9), ("MUG", "reno", 9)], actor="person:kim", now=PLACED
    )
    await known(hub, sold("1", total=money(12340), sku="CHEF-8"), *HELD, email="kara@example.test")
    await known(hub, sold("2", total=money(1500, "JPY"), sku="MUG", minutes=1), PARKED)
    await known(hub, sold("10", total=money(12345, "KWD"), sku="CHEF-8", minutes=2))


def test_orders_are_listed_with_money_and_with_what_holds_each_in_words(said: Said) -> None:
    in_hub(three_orders)

    code, out, err = said("orders")

    assert (code, err) == (0, "")
    assert [line.split("  ", 1)[0] for line in out.splitlines()] == ["order", "KK-10", "KK-2", "KK-1"]
    _, ten, two, one = out.splitlines()
    assert "12.345 KWD" in ten
    assert "1500 JPY" in two
    assert two.endswith(
        "On hold           1500 JPY    a person: it waits for its label to be bought; that failed: post: the wallet is"
        " empty. Mend the cause, then press Try again, or: crossdock orders retry."
    )
    assert one.split("  ", 1)[1].strip().startswith("shop     2026-11-30 12:00:00 UTC  On hold")
    assert one.endswith(
        "123.40 USD  payment short: 20.00 USD short. Have the rest paid; or release it to ship it as it is, or reject it."
    )


def test_the_list_as_json_keeps_its_names_and_tells_each_hold(said: Said) -> None:
    in_hub(three_orders)

    one = rows(said, "orders")[-1]

    assert one == {
        "order": "KK-1",
        "order_id": "shop:1",
        "connection": "shop",
        "placed": "2026-11-30T12:00:00+00:00",
        "stage": "on_hold",
        "held": "payment_short, risk, unlinked_sku",
        "holds": [
            {"reason": "payment_short", "words": "payment short", "detail": "20.00 USD short", "releasable": True},
            {"reason": "risk", "words": "risk", "detail": "risk 76", "releasable": True},
            {
                "reason": "unlinked_sku", "words": "listing not linked", "detail": "Mug with cat",
                "releasable": False,
            },
        ],
        "tags": [],
        "assignee": None,
        "parked": None,
        "total": "123.40 USD",
        "total_minor": 12340,
        "currency": "USD",
        "waits_for": {
            "what": "payment short: 20.00 USD short", "until": None,
            "do": "Have the rest paid; or release it to ship it as it is, or reject it.",
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--stage", "on_hold"), ["KK-2", "KK-1"]),
        (("--stage", "delivered"), []),
        (("--hold", "risk"), ["KK-1"]),
        (("--stage", "on_hold", "--hold", "backordered"), []),
        (("--connection", "shop"), ["KK-10", "KK-2", "KK-1"]),
        (("--connection", "pay"), []),
        (("--search", "KK-1"), ["KK-10", "KK-1"]),
        (("--search", "kk-2"), ["KK-2"]),
        (("--search", " KK-2 "), ["KK-2"]),
        (("--search", "10"), ["KK-10"]),
        (("--search", "CHEF-8"), ["KK-10", "KK-1"]),
        (("--search", "CHEF"), []),
        (("--search", "1Z2"), ["KK-2"]),
        (("--search", "pi_10"), ["KK-10"]),
        (("--search", "kara@example.test"), ["KK-1"]),
        (("--search", "Kara@Example.test"), ["KK-1"]),
        (("--search", "kara@example"), []),
        (("--search", "kara"), []),
        (("--search", "%"), []),
        (("--search", "CHEF-8", "--stage", "on_hold"), ["KK-1"]),
        (("--limit", "1"), ["KK-10"]),
    ],
)
def test_orders_are_found_by_stage_hold_channel_and_what_an_agent_has_in_hand(
    said: Said, words: tuple[str, ...], found: list[str]
) -> None:
    in_hub(three_orders)

    assert [row["order"] for row in rows(said, "orders", *words)] == found


def test_a_list_says_that_there_is_more_and_an_empty_one_that_there_is_nothing(said: Said) -> None:
    in_hub(three_orders)

    assert said("orders", "--limit", "2")[1].splitlines()[-1] == (
        "there are more than these 2: --limit N, --stage, --hold or --search"
    )
    assert len(said("orders", "--limit", "3")[1].splitlines()) == 4
    assert said("orders", "--search", "KK-404") == (0, "no orders\n", "")
    assert said("orders", "--search", "KK-404", "--json") == (0, "[]\n", "")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--stage", "flying"), 2, "invalid choice: 'flying'"),
        (("--hold", "payment"), 2, "invalid choice: 'payment'"),
        (("--limit", "0"), 2, "crossdock orders: --limit: a number of at least 1 is wanted"),
        (("list", "KK-1"), 2, "crossdock orders: list wants no more words; to look for an order: --search TEXT"),
        (("show", "KK-1", "--stage", "ready"), 2, "crossdock orders: --stage is for the list of orders"),
        (("release", "KK-1", "risk", "--hold", "risk"), 2, "crossdock orders: --hold is for the list of orders"),
        (("--connection", "shp"), 1, "crossdock: no connection named 'shp'; crossdock.yaml has shop, pay, post, mail"),
    ],
)  # fmt: skip
def test_a_wrong_filter_is_refused_and_says_what_there_is(
    said: Said, words: tuple[str, ...], code: int, says: str
) -> None:
    ended, out, err = said("orders", *words)

    assert (ended, out) == (code, "")
    assert says in err


def test_an_order_is_shown_with_its_holds_money_units_and_timeline(said: Said) -> None:
    in_hub(three_orders)

    code, out, err = said("orders", "show", "KK-1")

    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "KK-1: On hold, 123.40 USD, shop:1, placed 2026-11-30 12:00:00 UTC",
        "waits for payment short: 20.00 USD short. Have the rest paid; or release it to ship it as it is, or reject it.",
        "held: payment short: 20.00 USD short; release it: crossdock orders release KK-1 payment_short",
        "held: risk: risk 76; release it: crossdock orders release KK-1 risk",
        "held: listing not linked: Mug with cat",
        "",
        "sku     title            units  each",
        "CHEF-8  Title of CHEF-8  2      123.40 USD",
        "",
        "payment short: 103.40 USD, 20.00 USD less than owed, risk 76",
        "  stripe, asked of pay: short, 103.40 USD, captured 103.40 USD",
        "units set aside: 2 x CHEF-8 at reno",
        "",
        "at                       by       what",
        "2026-11-30 12:00:00 UTC  channel  Received: 123.40 USD, 2 units",
        "2026-11-30 12:01:00 UTC  hub      Payment short: 103.40 USD, asked pay",
        "2026-11-30 12:01:00 UTC  hub      Held: payment short. 20.00 USD short",
        "2026-11-30 12:01:00 UTC  hub      Held: risk. risk 76",
        "2026-11-30 12:01:00 UTC  hub      Held: listing not linked. Mug with cat",
        "2026-11-30 12:00:00 UTC  hub      Units committed: 2 x CHEF-8 at reno",
    ]


def test_an_order_as_json_tells_each_hold_and_each_fact_in_words(said: Said) -> None:
    in_hub(three_orders)

    shown = rows(said, "orders", "show", "KK-2")

    assert (shown["order"], shown["number"], shown["total"]) == ("shop:2", "KK-2", "1500 JPY")
    assert (shown["total_minor"], shown["currency"]) == (1500, "JPY")
    assert shown["parked"] == {"step": "buy", "message": "post: the wallet is empty"}
    assert [fact["says"] for fact in shown["facts"]] == [
        "Received: 1500 JPY, 2 units",
        "Needs attention at buy: post: the wallet is empty",
        "Units committed: 2 x MUG at reno",
    ]


def test_a_parked_order_says_what_failed_and_how_it_goes_on(said: Said) -> None:
    in_hub(three_orders)

    assert said("orders", "show", "KK-2")[1].splitlines()[2] == (
        "needs attention at buy: post: the wallet is empty; once it is mended: crossdock orders retry KK-2"
    )


BOUGHT = LabelBought(
    at=CHECKED, parcel_id="reno-1", shipment_id="shp-1", label_id="pl-1", tracking="1Z999", carrier="UPS",
    service="Ground", price=money(812), connection="post",
)  # fmt: skip


def test_a_parcel_is_shown_with_its_price_and_then_with_its_label_and_tracking() -> None:
    order, quoted = sold("1", total=money(12340), sku="MUG"), QUOTED.model_copy(update={"price": money(812)})
    bare = ParcelState(quote=QUOTED)
    states = [
        OrderState(order=order, parcels=(parcel,), voided=voided)
        for parcel, voided in (
            (bare, ()),
            (ParcelState(quote=quoted), ()),
            (ParcelState(quote=quoted, label=BOUGHT), ()),
            (
                ParcelState(quote=quoted, label=BOUGHT, told=True, tracking=TrackingState.IN_TRANSIT),
                (ParcelState(quote=quoted, label=BOUGHT),),
            ),
        )
    ]

    shown = [
        [line for line in order_lines("shop:1", state, ()) if "parcel" in line and "Title" not in line]
        for state in states
    ]

    box = "reno-1: box S, 1 g from reno"
    assert shown == [
        [f"parcel {box}, no rate will do; no label bought"],
        [f"parcel {box}, 8.12 USD at best; no label bought"],
        [f"parcel {box}: UPS Ground 8.12 USD, tracking 1Z999; channel not told"],
        [
            f"parcel {box}: UPS Ground 8.12 USD, tracking 1Z999, in transit; channel told",
            f"voided parcel {box}: UPS Ground 8.12 USD, tracking 1Z999; channel not told",
        ],
    ]
