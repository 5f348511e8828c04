"""What is stored says the same words as the code: tables, columns, keys and kinds of facts (revision 0009)."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from core.domain.state import OrderState, ParcelState
from core.model.facts import Fact, GatewayNotified, Quoted
from core.model.shipment import Parcel
from core.model.stock import LevelChange, ListingKey
from core.store.tables import METADATA
from tests.core.store.builders import NOON
from tests.test_words import INSTEAD, parts

PARCEL = Parcel(parcel_id="reno-1", location="reno", box="S", size_mm=(1, 1, 1), gross_g=1, lines=())
QUOTED = Quoted(
    at=NOON,
    parcel=PARCEL,
    shipment_id="shp-1",
    rates=(),
    chosen=None,
    price=None,
    saved=None,
    arrives=None,
    promised=None,
    connection="post",
)
REPLACED = {word for words in INSTEAD for word in words.split()} | {"left", "put"}


def test_a_state_is_stored_by_the_names_of_its_fields() -> None:
    state = OrderState(
        parcels=(ParcelState(quote=QUOTED, departed=True),),
        third_party_units={"1": 2},
        holds={"risk": "high"},
    )
    found: dict[str, Any] = state.model_dump(mode="json")
    assert OrderState.model_validate_json(state.model_dump_json()) == state
    assert (found["parcels"][0]["departed"], found["third_party_units"], found["holds"]) == (
        True,
        {"1": 2},
        {"risk": "high"},
    )


def test_a_stopped_change_is_stored_by_the_names_of_its_fields() -> None:
    change = LevelChange(key=ListingKey(listing="mug"), units=1, last_read=3)
    assert change.model_dump(mode="json") == {
        "key": {"listing": "mug", "location": None},
        "units": 1,
        "last_read": 3,
        "read_at": None,
    }


def test_a_gateway_notification_is_told_as_gateway_notified() -> None:
    fact = GatewayNotified(at=NOON, actor="gateway", reference="pi_1")
    assert fact.model_dump(mode="json")["kind"] == "gateway_notified"
    assert TypeAdapter(Fact).validate_json(fact.model_dump_json()) == fact


@pytest.mark.parametrize("table", METADATA.tables)
def test_no_table_and_no_column_uses_a_word_that_was_replaced(table: str) -> None:
    columns = METADATA.tables[table].columns
    assert [name for name in (table, *columns.keys()) if REPLACED & set(parts(name))] == []
    assert {c.key for c in columns} == {c.name for c in columns}
