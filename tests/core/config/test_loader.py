from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, ConfigDict

from core.config import load
from core.config.loader import load_file, read
from core.config.merchant import MerchantConfig
from core.config.problems import ConfigFileError, Position
from core.config.yaml_text import read_yaml
from core.errors import ConfigError
from core.model.address import Address
from core.model.shipment import Box


class ShopSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    store: str
    batch: int = 50


class KeySettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    key: str
    webhook_secret: str = ""


class AmazonSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    region: str
    marketplaces: tuple[str, ...]


class MailSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    smtp: str
    sender: str


KNOWN: dict[str, type[BaseModel]] = {
    "shopify": ShopSettings,
    "amazon": AmazonSettings,
    "stripe": KeySettings,
    "easypost": KeySettings,
    "email": MailSettings,
}
ENVIRON = {
    "STRIPE_KEY": "sk_test_canary",
    "STRIPE_WEBHOOK_SECRET": "whsec_canary",
    "EASYPOST_KEY": "EZTK_canary",
    "EASYPOST_WEBHOOK_SECRET": "easypost-canary",
    "SMTP_URL": "smtp://127.0.0.1:1025",
}

GOOD = """\
version: 1
merchant: kendra
connections:
  shop:
    use: shopify
    with: {store: kendra-kookware.myshopify.com, endpoints: {admin: "http://127.0.0.1:8001"}}
    payments: {stripe: pay, manual: hold, "*": channel}
    mails: hub
  amz: {use: amazon, with: {region: na, marketplaces: [ATVPDKIKX0DER], token: "${STRIPE_KEY}"}}
  pay: {use: stripe, with: {key: "${STRIPE_KEY}", webhook_secret: "${STRIPE_WEBHOOK_SECRET}"}}
  post: {use: easypost, with: {key: "${EASYPOST_KEY}"}}
  mail: {use: email, with: {smtp: "${SMTP_URL}", sender: orders@kendra.test}}
locations:
  reno:
    name: Kendra Reno
    street1: 1 Depot Way
    city: Reno
    state: NV
    zip: "89502"
    country: US
    phone: "+17755550100"
    timezone: America/Los_Angeles
    days: [mon, tue, sat]
    holidays: ["2026-12-25", 2027-01-01]
    cutoff: 15:00
    labels: auto
    grace: 15m
    tell: scan
  easton: {name: Kendra Easton, street1: 2 Canal Street, city: Easton, zip: "18042", country: US,
           timezone: America/New_York, cutoff: "09:30"}
boxes:
  - {id: MAILER, inner_mm: [300, 230, 40], tare_g: 20, max_g: 1000}
  - {id: M, inner_mm: [420, 320, 80], tare_g: 250, max_g: 8000}
sla:
  promise: {Standard: 5, Express: 2}
  hold: 36h
stock:
  default: {buffer: {shop: 1, amz: 2}, low: 3}
  "SOCKS-*": {buffer: {shop: 2, amz: 4}}
  "SOCKS-CHEF*": {buffer: {amz: 6}}
  SOCKS-CHEF-XL: {low: 9}
"""


def config_of(text: str) -> MerchantConfig:
    return read(text, file="crossdock.yaml", environ=ENVIRON, known=KNOWN)


def wrong(text: str) -> list[str]:
    with pytest.raises(ConfigFileError) as refused:
        config_of(text)
    assert str(refused.value).splitlines() == [str(problem) for problem in refused.value.problems]
    return [str(problem).removeprefix("crossdock.yaml:") for problem in refused.value.problems]


def wrong_with(old: str, new: str) -> list[str]:
    """Return what is wrong with the good file after one change."""
    assert GOOD.count(old) == 1
    return wrong(GOOD.replace(old, new))


def test_the_good_file_says_everything() -> None:
    config = config_of(GOOD)

    assert config.merchant == "kendra"
    assert list(config.connections) == ["shop", "amz", "pay", "post", "mail"]
    shop = config.connections["shop"]
    assert shop.use == "shopify"
    assert shop.with_ == ShopSettings(store="kendra-kookware.myshopify.com")
    assert shop.endpoints == {"admin": "http://127.0.0.1:8001"}
    assert shop.payments == {"stripe": "pay", "manual": "hold", "*": "channel"}
    assert (shop.mails, shop.token) == ("hub", None)
    assert (config.connections["amz"].payments, config.connections["amz"].mails) == ("channel", "channel")
    assert config.connections["amz"].token == "sk_test_canary"
    assert config.connections["pay"].with_ == KeySettings(key="sk_test_canary", webhook_secret="whsec_canary")
    assert config.boxes == (
        Box(box_id="MAILER", inner_mm=(300, 230, 40), tare_g=20, max_g=1000),
        Box(box_id="M", inner_mm=(420, 320, 80), tare_g=250, max_g=8000),
    )
    assert (config.promise("Standard"), config.promise("Express"), config.promise("Overnight")) == (
        5,
        2,
        None,
    )


@pytest.mark.req("R94")
def test_a_location_has_its_own_calendar_and_address() -> None:
    reno, easton = config_of(GOOD).locations.values()

    assert reno.calendar.timezone == ZoneInfo("America/Los_Angeles")
    assert reno.calendar.days == {0, 1, 5}
    assert reno.calendar.holidays == {date(2026, 12, 25), date(2027, 1, 1)}
    assert reno.calendar.cutoff == time(15, 0)
    assert (reno.labels, reno.grace, reno.tell) == ("auto", timedelta(minutes=15), "scan")
    assert reno.address == Address(
        name="Kendra Reno", street1="1 Depot Way", city="Reno", state="NV", zip="89502", country="US",
        phone="+17755550100",
    )  # fmt: skip
    assert easton.calendar.days == {0, 1, 2, 3, 4}
    assert easton.calendar.holidays == frozenset()
    assert easton.calendar.cutoff == time(9, 30)


@pytest.mark.req("R86")
def test_labels_are_proposed_after_half_an_hour_unless_the_file_says_otherwise() -> None:
    easton = config_of(GOOD).locations["easton"]

    assert (easton.labels, easton.grace, easton.tell) == ("ask", timedelta(minutes=30), "label")


@pytest.mark.parametrize(
    ("sku", "shop", "amz", "low"),
    [
        ("CHEF-8", 1, 2, 3),
        ("SOCKS-RED", 2, 4, 3),
        ("SOCKS-CHEF", 2, 6, 3),
        ("SOCKS-CHEF-XL", 2, 6, 9),
        ("socks-red", 1, 2, 3),
    ],
)
def test_of_stock_rules_the_most_specific_that_says_it_wins(sku: str, shop: int, amz: int, low: int) -> None:
    config = config_of(GOOD)

    assert (config.buffer(sku, "shop"), config.buffer(sku, "amz"), config.low(sku)) == (shop, amz, low)
    assert config.buffer(sku, "elsewhere") == 0


def test_a_star_promises_for_every_other_method() -> None:
    config = config_of(GOOD.replace("Express: 2}", 'Express: 2, "*": 9}'))

    assert (config.promise("Express"), config.promise("Overnight")) == (2, 9)


def test_the_digest_names_the_text_and_nothing_shows_a_secret() -> None:
    config, other = config_of(GOOD), config_of(GOOD + "# a note\n")

    assert config.digest == config_of(GOOD).digest != other.digest
    assert "sk_test_canary" in config.secrets
    assert "canary" not in repr(config)
    assert "canary" not in config.text


@pytest.mark.req("R75")
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("version: 1", "version: 2", "1:10: version: '2' is not known here (one of: 1)"),
        ("version: 1\n", "", "1:1: 'version' is missing"),
        (
            "merchant: kendra",
            "merchant: Kendra K",
            "2:11: merchant: 'Kendra K' is no name; write small letters, digits, '-' and '_', as in kendra-k",
        ),
        ("    mails: hub", "    mail: hub", "8:5: unknown key 'mail' in connections.shop; did you mean 'mails'?"),
        ("mails: hub", "mails: hubs", "8:12: mails: 'hubs' is not known here; did you mean 'hub'?"),
        ("use: shopify", "use: shopfy", "5:10: use: no connector is named 'shopfy'; did you mean 'shopify'?"),
        ("{store: k", "{stor: k", "6:12: unknown key 'stor' in connections.shop.with; did you mean 'store'?"),
        (
            "endpoints: {",
            "endpoint: {",
            "6:50: unknown key 'endpoint' in connections.shop.with; did you mean 'endpoints'?",
        ),
        (
            '"http://127.0.0.1:8001"',
            "127.0.0.1",
            "6:69: admin: this is no address; write it with http:// or https://",
        ),
        (
            "stripe: pay, m",
            "stripe: pya, m",
            "7:24: payments: no connection is named 'pya'; did you mean 'pay'?",
        ),
        (
            "stripe: pay, m",
            "stripe: amz, m",
            "7:24: payments: 'amz' uses amazon, which verifies no payments; name a stripe connection",
        ),
        (
            "manual: hold",
            "manual: 5",
            '7:15: payments: write channel, a connection, or one of them by gateway, as in {stripe: pay, "*": channel}',
        ),
        ('"${SMTP_URL}"', '"${SMTP_ULR}"', "12:35: environment variable SMTP_ULR is not set; set it where this runs: export SMTP_ULR=..."),
        ('"${SMTP_URL}"', '"${}"', "12:35: '${}' names no environment variable; write ${NAME}"),
        ("city: Reno", 'city: "${CITY}"', "17:11: ${NAME} reads the environment under 'connections' only"),
        ("  reno:\n", "  Reno:\n", "14:3: 'Reno' is no name; write small letters, digits, '-' and '_', as in reno"),
        ('zip: "89502"', "zip: 89502", '19:10: zip: text is wanted; put it in quotes: "89502"'),
        (
            "country: US\n",
            "country: usa\n",
            "20:14: country: 'usa' is no country code; write US",
        ),
        (
            "America/Los_Angeles",
            "America/Los_Angelos",
            "22:15: timezone: no time zone is named 'America/Los_Angelos'; did you mean 'America/Los_Angeles'?",
        ),
        ("[mon, tue, sat]", "[mon, tus]", "23:17: days[1]: 'tus' is not known here; did you mean 'tue'?"),
        ("[mon, tue, sat]", "[]", "23:11: days: 1 or more are wanted, not 0"),
        (
            "2027-01-01",
            "2027-02-30",
            "24:30: holidays[1]: '2027-02-30' is no date; write year, month and day, as in \"2026-12-25\"",
        ),
        (
            "cutoff: 15:00",
            "cutoff: 3pm",
            "25:13: cutoff: '3pm' is no time of day; write \"15:00\"",
        ),
        ("labels: auto", "labels: outo", "26:13: labels: 'outo' is not known here; did you mean 'auto'?"),
        (
            "grace: 15m",
            "grace: 15 minutes",
            "27:12: grace: '15 minutes' is no length of time; write 15m",
        ),
        ("    cutoff: 15:00\n", "", "14:3: 'cutoff' is missing in locations.reno"),
        ("[300, 230, 40]", "[300, 230]", "32:28: inner_mm: 3 or more are wanted, not 2"),
        ("[300, 230, 40]", "[300, 0, 40]", "32:34: inner_mm[1]: '0' must be more than 0"),
        ("tare_g: 20,", "tare_g: 20.5,", "32:52: tare_g: a whole number is wanted, and 20.5 is none; it counts grams"),
        ("max_g: 1000", "max_g: 20", "32:63: max_g: '20' must be more than tare_g (20)"),
        ("id: M,", "id: MAILER,", "33:10: id: box 'MAILER' is given twice; first in line 32"),
        ("Standard: 5", 'Standard: "5"', "35:23: Standard: a whole number is wanted; write 5, without quotes"),
        ("hold: 36h", "hold: 36", "36:9: hold: '36' is no length of time; write a number and s, m, h or d, as in 15m"),
        ("{shop: 2, ", "{shp: 2, ", "39:24: buffer: no connection is named 'shp'; did you mean 'shop'?"),
        ("{low: 9}", "{low: no}", "41:24: low: a whole number is wanted"),
        ("sla:\n", "slas:\n", "34:1: unknown key 'slas'; did you mean 'sla'?"),
    ],
)  # fmt: skip
def test_a_slip_is_told_with_line_column_and_the_nearest_name(old: str, new: str, says: str) -> None:
    assert says in wrong_with(old, new)


@pytest.mark.req("R93")
def test_mails_by_the_hub_are_refused_for_amazon() -> None:
    assert wrong_with('"${STRIPE_KEY}"}}\n  pay', '"${STRIPE_KEY}"}, mails: hub}\n  pay') == [
        "9:104: mails: 'hub' is refused for amazon, whose buyers only Amazon may mail; write channel"
    ]


def test_what_needs_a_connection_of_a_kind_says_which() -> None:
    without = GOOD.replace('  post: {use: easypost, with: {key: "${EASYPOST_KEY}"}}\n', "").replace(
        '  mail: {use: email, with: {smtp: "${SMTP_URL}", sender: orders@kendra.test}}\n', ""
    )

    assert wrong(without) == [
        "8:12: mails: 'hub' needs a connection with use: email",
        "24:13: labels: 'auto' needs a connection with use: easypost",
    ]


@pytest.mark.req("R75")
def test_all_slips_of_a_file_are_told_at_once_in_their_order() -> None:
    text = GOOD.replace("merchant: kendra", "merchant: kendra\nmerchant: other").replace(
        "max_g: 8000", "max_g: -1"
    )
    text = text.replace("{store: kendra-kookware.myshopify.com, ", "{batch: many, ").replace(
        "tell: scan", "tell: it"
    )

    assert wrong(text) == [
        "3:1: 'merchant' is given twice; first in line 2",
        "7:5: 'store' is missing in connections.shop.with",
        "7:19: batch: a whole number is wanted",
        "29:11: tell: 'it' is not known here (one of: label, scan)",
        "34:59: max_g: '-1' must be more than 0",
        "34:59: max_g: '-1' must be more than tare_g (250)",
    ]


def test_a_value_of_with_is_never_repeated() -> None:
    said = "\n".join(wrong_with('key: "${EASYPOST_KEY}"', 'kye: "${EASYPOST_KEY}", webhook_secret: [s3cret]'))

    assert "11:25: 'key' is missing in connections.post.with" in said
    assert "canary" not in said
    assert "s3cret" not in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "1:1: the file is empty; copy crossdock.example.yaml and change what is yours"),
        ("# nothing\n", "1:1: the file is empty; copy crossdock.example.yaml and change what is yours"),
        (
            "- version\n",
            "1:1: names and values are wanted here: the file begins with version: 1, then merchant: ...",
        ),
        ("version: 1\nmerchant: [\n", "2:11: this is no YAML: the '[' that opens here is not closed"),
        (
            "connections: {pay: {key: ${KEY}}}\n",
            '1:27: this is no YAML: put ${NAME} in quotes: "${NAME}"',
        ),
        ("a: &a {b: *a}\n", "1:4: the anchors of this file repeat without end or too often"),
        ("a: \x07\n", "1:4: an invisible character (U+0007) stands here; delete it"),
    ],
)
def test_what_is_no_file_of_ours_says_so(text: str, says: str) -> None:
    assert wrong(text) == [says]


def test_anchors_that_would_grow_without_bounds_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]

    (says,) = wrong("\n".join(lines))

    assert says.endswith("the anchors of this file repeat without end or too often")


def test_anchors_and_aliases_are_read() -> None:
    text = GOOD.replace("tare_g: 20,", "tare_g: &tare 20,").replace("tare_g: 250,", "tare_g: *tare,")

    assert [box.tare_g for box in config_of(text).boxes] == [20, 20]


def test_plain_values_mean_what_yaml_1_2_says_and_no_number_is_a_float() -> None:
    text = 'a: [no, on, 15:00, 2026-12-25, 0x1F, 1e3, true, ~, "", 5, -3, 2.50, "5", "true"]\nno: 1\n'

    document = read_yaml(text, file="x.yaml", environ={}, environment_under=())

    assert document.values == {
        "a": [
            "no",
            "on",
            "15:00",
            "2026-12-25",
            "0x1F",
            "1e3",
            True,
            None,
            "",
            5,
            -3,
            Decimal("2.50"),
            "5",
            "true",
        ],
        "no": 1,
    }
    assert document.position(("a", 11)) == Position(1, 63, "x.yaml")
    assert document.position(("no",), key=True) == Position(2, 1, "x.yaml")


def test_a_value_of_the_environment_stays_text_and_may_be_a_part() -> None:
    text = 'connections: {a: "${PORT}", b: ${PORT}, c: "http://${HOST}:${PORT}/"}'.replace(
        "b: ${PORT}", "b: '${PORT}'"
    )

    document = read_yaml(
        text, file="x.yaml", environ={"PORT": "8001", "HOST": "::1"}, environment_under=("connections",)
    )

    assert document.values["connections"] == {"a": "8001", "b": "8001", "c": "http://::1:8001/"}
    assert document.problems == []


def test_a_plain_value_outside_braces_reads_the_environment_too() -> None:
    document = read_yaml(
        "connections:\n  key: ${KEY}\n",
        file="x.yaml",
        environ={"KEY": "k"},
        environment_under=("connections",),
    )

    assert document.values == {"connections": {"key": "k"}}


def test_a_file_and_a_folder_of_files_are_loaded(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(GOOD)
    (tmp_path / "a.yaml").write_text(GOOD.replace("merchant: kendra", "merchant: acme"))
    (tmp_path / "notes.txt").write_text("not ours")

    assert load_file(tmp_path / "b.yaml", ENVIRON, KNOWN).merchant == "kendra"
    assert [config.merchant for config in load(tmp_path / "b.yaml", ENVIRON, KNOWN)] == ["kendra"]
    assert [config.merchant for config in load(tmp_path, ENVIRON, KNOWN)] == ["acme", "kendra"]


def test_the_slips_of_all_files_of_a_folder_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD.replace("version: 1", "version: 3"))
    (tmp_path / "b.yaml").write_text(
        GOOD.replace("merchant: kendra", "merchant: acme").replace("use: shopify", "use: shopfy")
    )

    with pytest.raises(ConfigError) as refused:
        load(tmp_path, ENVIRON, KNOWN)

    assert str(refused.value).splitlines() == [
        f"{tmp_path}/a.yaml:1:10: version: '3' is not known here (one of: 1)",
        f"{tmp_path}/b.yaml:5:10: use: no connector is named 'shopfy'; did you mean 'shopify'?",
    ]


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no \.yaml file lies in this folder$"):
        load(tmp_path, ENVIRON, KNOWN)
    with pytest.raises(ConfigError, match=r"check CROSSDOCK_CONFIG or --config$"):
        load(tmp_path / "none.yaml", ENVIRON, KNOWN)
