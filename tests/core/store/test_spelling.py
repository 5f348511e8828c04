"""What is stored is spelled as it always was, whatever the names in the code: rows of before are read, and rows of now by others."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter

from core.domain.state import OrderState, ParcelState
from core.model.facts import Fact, GatewayNotified, Quoted
from core.model.shipment import Parcel
from core.model.stock import LevelChange, ListingKey
from core.store.tables import METADATA
from tests.core.store.builders import NOON

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


def stored(shape: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shape.model_dump_json())
    assert type(shape).model_validate(found) == shape
    return found


def test_a_state_spells_departed_left_and_third_party_units_parted() -> None:
    state = OrderState(
        parcels=(ParcelState(quote=QUOTED, departed=True),),
        third_party_units={"1": 2},
        holds={"risk": "high"},
    )
    found = stored(state)
    assert (found["parcels"][0]["left"], found["parted"], found["holds"]) == (
        True,
        {"1": 2},
        {"risk": "high"},
    )
    assert not {"departed", "third_party_units"} & {*found, *found["parcels"][0]}


def test_a_stopped_change_spells_what_was_last_read_believed() -> None:
    change = LevelChange(key=ListingKey(listing="mug"), units=1, last_read=3)
    assert stored(change) == {"key": {"listing": "mug", "location": None}, "units": 1, "believed": 3}


def test_a_gateway_notification_is_told_as_gateway_rang() -> None:
    fact = GatewayNotified(at=NOON, actor="gateway", reference="pi_1")
    assert stored(fact)["kind"] == "gateway_rang"
    assert TypeAdapter(Fact).validate_python(stored(fact)) == fact


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("errands", {"rings"}),
        ("listings", {"believed", "put_back"}),
        ("brakes", {"changes"}),
        ("alarms", {"look_at", "cleared_at"}),
        ("effects", {"intended_at", "settled_at"}),
    ],
)
def test_tables_and_columns_keep_their_names(table: str, columns: set[str]) -> None:
    assert columns <= {column.name for column in METADATA.tables[table].columns}
