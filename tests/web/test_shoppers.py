"""Persons over the API and in the console: what would go, that it goes, what is known, and what the order's page says then."""

import re
from pathlib import Path

import pytest

from core.store.labels import labels_of
from core.store.tables import forgotten, idempotency_keys
from tests.builders import MERCHANT
from tests.core.privacy.shoppers import MAIL, NAME, ORDER, STREET, order
from tests.web.site import KEY, OTHER_KEY, Site
from tests.web.test_canary import dump

API = "/api/v1/shoppers"


@pytest.mark.req("R66")
async def test_a_plan_says_what_would_go_and_changes_nothing(site: Site) -> None:
    await order(site.b)

    plan = await site.ask("POST", f"{API}/forget/plan", key=KEY, json={"order": "KK-1001"})

    assert plan.status == 200
    assert plan.json == {
        "title": "Forget the person behind KK-1001",
        "does": [
            "Deletes name, address, mail and phone of 1 orders, and by what they are found.",
            "Deletes 1 label files and the text of 2 deliveries.",
            "Keeps amounts, units, payments, dates and tracking numbers: they name nobody.",
            "Whatever the channel tells of these orders later is kept without the person.",
            "Until 2026-12-08 a backup of the keys, if there is one, can still open an older backup of the database.",
        ],
        "way_back": "It cannot be taken back.",
        "refused": None,
        "orders": [ORDER],
    }
    assert len(await site.b.store.read(labels_of, site.b.store.keys, MERCHANT, ORDER)) == 1


@pytest.mark.req("R66")
async def test_a_person_is_forgotten_once_under_a_key_and_the_page_says_when(
    site: Site, tmp_path: Path
) -> None:
    await order(site.b)
    under = {"Idempotency-Key": "forget-1"}

    first = await site.ask("POST", f"{API}/forget", key=KEY, json={"email": MAIL}, headers=under)
    again = await site.ask("POST", f"{API}/forget", key=KEY, json={"email": MAIL}, headers=under)

    assert first.json == {
        "orders": [ORDER],
        "forgotten_at": "2026-11-30T16:16:00+00:00",
        "labels": 1,
        "deliveries": 2,
        "overwritten": True,
        "later_until": "2026-11-30T16:16:00+00:00",
        "backups_open_until": "2026-12-07T16:16:00+00:00",
    }
    assert (again.json, again.headers["Idempotent-Replayed"]) == (first.json, "true")
    page = (await site.ask("GET", "/orders/KK-1001", cookie=await site.log_in())).text
    assert "Forgotten on Mon 30 Nov 16:16:00 UTC: name, address, mail and label files are deleted." in page
    assert "Until Mon 7 Dec 16:16:00 UTC a backup of the keys" in page
    assert "Personal data forgotten: the person asked for it" in page
    assert NAME not in page
    label = await site.ask("GET", f"/api/v1/orders/{ORDER}/labels/reno-1", key=KEY)
    assert label.status == 404
    assert (
        label.json["detail"] == "the label's file is deleted: the order's person was forgotten on 2026-11-30"
    )
    for word in (NAME, STREET, MAIL):
        assert word not in dump(tmp_path / "hub.db") + site.log.getvalue()


@pytest.mark.req("R66")
async def test_all_that_is_known_of_a_person_is_given_and_no_answer_of_it_is_kept(
    site: Site, tmp_path: Path
) -> None:
    await order(site.b)

    found = await site.ask(
        "POST", f"{API}/export", key=KEY, json={"email": MAIL}, headers={"Idempotency-Key": "export-1"}
    )

    [known] = found.json["orders"]
    assert (known["number"], known["total_minor"], known["currency"]) == ("KK-1001", 6997, "USD")
    assert known["personal"]["customer_name"] == NAME
    assert known["personal"]["ship_to"]["street1"] == STREET
    assert (known["facts"][0]["kind"], len(known["labels"]), len(known["deliveries"])) == ("received", 1, 2)
    assert await site.b.store.read(lambda conn: conn.execute(idempotency_keys.select()).all()) == []
    assert MAIL not in site.log.getvalue()


@pytest.mark.req("R66")
async def test_another_merchant_neither_forgets_nor_exports(site: Site) -> None:
    await order(site.b)

    order_, mail = {"order": "KK-1001"}, {"email": MAIL}
    for what, ask, status in (
        ("forget/plan", order_, 404),
        ("forget", order_, 404),
        ("export", order_, 404),
        ("forget/plan", mail, 200),
        ("forget", mail, 200),
        ("export", mail, 404),
    ):
        answer = await site.ask("POST", f"{API}/{what}", key=OTHER_KEY, json=ask)
        assert answer.status == status
        assert answer.json.get("orders", []) == []
        assert MAIL not in answer.text

    assert len(await site.b.store.read(labels_of, site.b.store.keys, MERCHANT, ORDER)) == 1


@pytest.mark.case("F6", "F8")
@pytest.mark.req("R66")
async def test_of_a_mail_address_without_a_known_order_it_is_said_what_comes_later_is_forgotten(
    site: Site,
) -> None:
    plan = await site.ask("POST", f"{API}/forget/plan", key=KEY, json={"email": MAIL})
    done = await site.ask("POST", f"{API}/forget", key=KEY, json={"email": MAIL})

    assert (plan.status, plan.json["orders"], plan.json["refused"]) == (200, [], None)
    assert plan.json["title"] == "Forget the person behind a mail address of which no order is known now"
    assert plan.json["does"] == [
        "Deletes nothing now: no order is found by this address; one that was forgotten before is no longer.",
        "Orders of this address placed until this is done that come to light later are kept without the person too.",
        "Keeps a keyed hash of the address, by which such an order is recognised and no other is found.",
    ]
    assert (done.status, done.json) == (
        200,
        {
            "orders": [],
            "forgotten_at": "2026-11-30T16:00:00+00:00",
            "labels": 0,
            "deliveries": 0,
            "overwritten": True,
            "later_until": "2026-11-30T16:00:00+00:00",
            "backups_open_until": "2026-12-07T16:00:00+00:00",
        },
    )


@pytest.mark.req("R66")
@pytest.mark.parametrize("ask", [{"order": "KK-1001"}, {"email": "KK-1001"}])
async def test_an_order_that_is_not_known_is_404_and_nobody_is_forgotten(
    site: Site, ask: dict[str, str]
) -> None:
    for what in ("forget/plan", "forget"):
        assert (await site.ask("POST", f"{API}/{what}", key=KEY, json=ask)).status == 404

    assert await site.b.store.read(lambda conn: conn.execute(forgotten.select()).all()) == []


@pytest.mark.parametrize("ask", [{}, {"order": "KK-1001", "email": MAIL}, {"name": NAME}])
async def test_who_is_meant_is_said_in_one_way(site: Site, ask: dict[str, str]) -> None:
    answer = await site.ask("POST", f"{API}/forget", key=KEY, json=ask)

    assert answer.status == 422
    assert (NAME in answer.text, MAIL in answer.text) == (False, False)


_NUMBER = re.compile(r"(?<![\d.:+-])\d(?:[ -]?\d){12,18}(?![\d.:])")


def card_numbers(text: str) -> list[str]:
    """Return every run of 13 to 19 digits that begins like a card's number and passes its check (ISO/IEC 7812-1)."""
    found = (re.sub(r"[ -]", "", run) for run in _NUMBER.findall(text))
    return [number for number in found if number[0] in "3456" and _luhn(number)]


def _luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    return not (sum(digits[::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])) % 10


def test_the_scan_finds_a_card_s_number() -> None:
    assert card_numbers('{"number": "4242 4242 4242 4242"} and 4242424242424241') == ["4242424242424242"]


@pytest.mark.req("R66")
async def test_no_card_number_is_in_the_database_or_the_log_of_a_played_day(
    site: Site, tmp_path: Path
) -> None:
    """Promise 21: payments are known by ids, brand and last digits alone."""
    for number in ("KK-1001", "KK-1002", "KK-1003"):
        await order(site.b, number)

    assert card_numbers(dump(tmp_path / "hub.db") + site.log.getvalue()) == []
