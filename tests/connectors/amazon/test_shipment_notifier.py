"""A parcel told to Amazon: once however often, by Amazon's own names of carriers."""

from datetime import timedelta

import pytest
import yaml

from connectors.amazon.shipment_notifier import CARRIERS, carrier_of, package_reference
from core.errors import RejectedError
from core.model.shipment import Dispatch
from sandbox.amazon.carriers import CODES, OTHER
from tests.connectors.amazon.account import Sold, selling
from tests.connectors.easypost_carriers import EVERY, METADATA, recorded
from tests.sandbox.amazon_stand import FBA, KRIS, MONDAY

ORDER = "112-4000002-0000002"
FIRST, SECOND = "11240000020000002"[-13:] + "1", "11240000020000002"[-13:] + "2"


def dispatch(parcel_id: str = "p-1", **more: object) -> Dispatch:
    told: dict[str, object] = {
        "parcel_id": parcel_id,
        "carrier": "USPS",
        "service": "GroundAdvantage",
        "tracking": "9400100000000000000001",
        "shipped_at": MONDAY + timedelta(hours=1),
        "location": "reno",
        "lines": (),
    }
    return Dispatch.model_validate({**told, **more})


def line_ids(sold: Sold) -> list[str]:
    return [line.item_id for line in sold.stand.amazon.orders[ORDER].lines]


async def test_a_parcel_is_told_with_its_carrier_and_tracking() -> None:
    async with selling() as sold:
        assert sold.ports.shipment_notifier is not None
        sold.stand.amazon.place(KRIS)
        lines = tuple((line_id, 1) for line_id in line_ids(sold))
        reference = await sold.ports.shipment_notifier.tell_shipped(ORDER, dispatch(lines=lines), key="k")
        told = sold.stand.books()["orders"][ORDER]

    assert reference == package_reference("p-1")
    assert told["status"] == "SHIPPED"
    assert [
        (one["reference"], one["carrier_code"], one["tracking"], one["method"]) for one in told["shipments"]
    ] == [(reference, "USPS", "9400100000000000000001", "USPS Ground Advantage")]


@pytest.mark.req("R54", "R57")
async def test_telling_the_same_parcel_again_changes_its_tracking_and_adds_none() -> None:
    async with selling() as sold:
        assert sold.ports.shipment_notifier is not None
        sold.stand.amazon.place(KRIS)
        lines = ((line_ids(sold)[0], 1),)
        first = await sold.ports.shipment_notifier.tell_shipped(ORDER, dispatch(lines=lines), key="k")
        again = await sold.ports.shipment_notifier.tell_shipped(
            ORDER, dispatch(lines=lines, tracking="94002"), key="k"
        )
        told = sold.stand.books()["orders"][ORDER]

    assert first == again
    assert [one["tracking"] for one in told["shipments"]] == ["94002"]
    assert told["status"] == "PARTIALLY_SHIPPED"


@pytest.mark.req("R54")
async def test_two_parcels_are_two_packages() -> None:
    async with selling() as sold:
        assert sold.ports.shipment_notifier is not None
        sold.stand.amazon.place(KRIS)
        for parcel_id, line_id in zip(("p-1", "p-2"), line_ids(sold), strict=True):
            await sold.ports.shipment_notifier.tell_shipped(
                ORDER, dispatch(parcel_id, lines=((line_id, 1),)), key=parcel_id
            )
        told = sold.stand.books()["orders"][ORDER]

    assert len({one["reference"] for one in told["shipments"]}) == 2
    assert told["status"] == "SHIPPED"


async def test_amazon_refuses_more_than_was_ordered_and_nothing_changes() -> None:
    async with selling() as sold:
        assert sold.ports.shipment_notifier is not None
        sold.stand.amazon.place(KRIS)
        with pytest.raises(RejectedError) as refused:
            await sold.ports.shipment_notifier.tell_shipped(
                ORDER, dispatch(lines=((line_ids(sold)[0], 2),)), key="k"
            )
        told = sold.stand.books()["orders"][ORDER]

    assert refused.value.code == "InvalidInput"
    assert (told["status"], told["shipments"]) == ("UNSHIPPED", [])


@pytest.mark.req("R37")
async def test_amazon_refuses_a_parcel_of_its_own_fulfillment() -> None:
    async with selling() as sold:
        assert sold.ports.shipment_notifier is not None
        sold.stand.amazon.place(FBA)
        line_id = sold.stand.amazon.orders[FBA["id"]].lines[0].item_id
        with pytest.raises(RejectedError):
            await sold.ports.shipment_notifier.tell_shipped(
                FBA["id"], dispatch(lines=((line_id, 1),)), key="k"
            )

    assert sold.stand.books()["orders"][FBA["id"]]["shipments"] == []


async def test_with_several_marketplaces_the_orders_own_is_named() -> None:
    async with selling(marketplaces=["A2EUQ1WTGCTBG2", "ATVPDKIKX0DER"]) as sold:
        assert sold.ports.shipment_notifier is not None
        sold.stand.amazon.place(KRIS)
        await sold.ports.shipment_notifier.tell_shipped(
            ORDER, dispatch(lines=((line_ids(sold)[0], 1),)), key="k"
        )

    assert sold.account.quota.taken["getOrder"] == 1
    assert len(sold.stand.books()["orders"][ORDER]["shipments"]) == 1


@pytest.mark.parametrize(
    ("carrier", "service", "told"),
    [
        ("UPSDAP", "Ground", {"carrierCode": "UPS", "shippingMethod": "UPS Ground"}),
        ("FedExDefault", "FEDEX_2_DAY", {"carrierCode": "FedEx", "shippingMethod": "FedEx 2Day"}),
        ("fedex", "NEW_SERVICE", {"carrierCode": "FedEx", "shippingMethod": "NEW_SERVICE"}),
        (
            "Pony Express",
            "Fast",
            {"carrierCode": "Other", "carrierName": "Pony Express", "shippingMethod": "Fast"},
        ),
    ],
)
def test_carriers_are_named_as_amazon_names_them(carrier: str, service: str, told: dict[str, str]) -> None:
    assert carrier_of(carrier, service) == told


_CODES = {
    "USPS": "usps Usps",
    "UPS": "ups Ups UPSDAP upsiparcel",
    "UPS Mail Innovations": "upsmailinnovations UpsMailInnovations",
    "FedEx": "fedex Fedex FedExDefault fedexcrossborder FedexCrossBorder FedexMailview",
    "FedEx SmartPost": "fedexsmartpost FedexSmartpost fedexgroundeconomy",
    "DHL": "dhlexpress DhlExpress dhlpaket DHLPaket DhlPaket DhlParcel",
    "DHL eCommerce": "DhlEcs dhlecommercesolutions",
    "Deutsche Post": "deutschepost deutschepostuk DeutschePostUK",
    "Amazon Shipping": "amazonmws AmazonShipping",
    "OnTrac": "ontrac Ontrac OntracV3",
    "Lasership": "lasershipv2 LasershipV2 LaserShip",
    "OSM": "osmworldwide OsmWorldwide",
    "Newgistics": "newgistics",
    "Canada Post": "canadapost CanadaPost",
    "Royal Mail": "royalmail RoyalMailV3",
    "Parcelforce": "parcelforce ParcelForce",
    "Hermes": "evri Hermes",
    "DPD": "dpd Dpd dpdnl DpdNl dpduk DpdUk interlinkexpress InterlinkExpress",
    "GLS": "gls gso Gso",
    "Fastway": "fastway",
    "Chronopost": "chronopost",
    "La Poste": "laposte",
    "Australia Post": "australiapost AustraliaPost",
    "YamatoTransport": "kuronekoyamato",
    "SF Express": "sfexpress SfExpress",
    "YANWEN": "yanwen",
}


@pytest.mark.req("R54")
@pytest.mark.case("C14")
def test_every_carrier_that_easypost_sells_is_told_by_amazons_code_or_as_other() -> None:
    told = {carrier: code for code, carriers in _CODES.items() for carrier in carriers.split()}
    for carrier in EVERY:
        found = carrier_of(carrier, "Service")
        assert found["carrierCode"] == told.get(carrier, "Other"), carrier
        assert (found["carrierCode"] == "Other") is ("carrierName" in found)
    assert set(told) <= EVERY


@pytest.mark.req("R54")
@pytest.mark.case("C14")
def test_every_code_that_amazon_takes_is_used_or_of_a_carrier_that_easypost_does_not_sell() -> None:
    table = yaml.safe_load(CARRIERS.read_text(encoding="utf-8"))
    used = {entry["code"] for entry in table.values() if "code" in entry}

    assert used <= CODES
    assert {entry["like"] for entry in table.values() if "like" in entry} <= set(table)
    assert CODES - used - {OTHER} == {
        "UPSMI", "Streamlite", "Blue Package", "Target", "Smartmail", "Parcelnet", "City Link", "Yodel",
        "Hermes Logistik Gruppe", "GO!", "TNT", "Poste Italiane", "SDA", "Seur", "Correos", "MRW", "Nacex",
        "SagawaExpress", "NipponExpress", "BlueDart", "Aramex", "India Post", "DTDC", "Delhivery", "China Post",
        "Yun Express", "4PX",
    }  # fmt: skip


@pytest.mark.req("R54")
@pytest.mark.case("C14")
def test_no_carrier_of_easyposts_recorded_metadata_is_left_out() -> None:
    assert recorded() == METADATA


def test_a_reference_is_positive_numeric_stable_and_fits_an_int() -> None:
    references = [package_reference(f"parcel-{number}") for number in range(2000)]

    assert all(one.isdecimal() and 0 < int(one) < 2**31 for one in references)
    assert len(set(references)) == 2000
    assert package_reference("parcel-7") == references[7]
