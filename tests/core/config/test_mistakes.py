"""What people write into crossdock.yaml by mistake: one row each, with the whole message, which says what to write."""

from pathlib import Path

import pytest

from assembly import connectors
from core.config.loader import load_file, read
from core.config.merchant import MerchantConfig
from core.config.problems import ConfigFileError

ENVIRON = {"STRIPE_KEY": "sk_test_x", "EASYPOST_KEY": "EZTKx", "SMTP_URL": "smtp://127.0.0.1:2525"}
GOOD = """\
version: 1
merchant: acme
connections:
  shop:
    use: shopify
    with: {store: acme.myshopify.com}
    payments: {stripe: pay, "*": channel}
  pay:
    use: stripe
    with: {key: "${STRIPE_KEY}"}
  post:
    use: easypost
    with: {key: "${EASYPOST_KEY}", threads: 4}
  mail: {use: email, with: {smtp: "${SMTP_URL}", sender: orders@acme.test}}
locations:
  boston:
    name: Acme Boston
    street1: 1 Depot Way
    city: Cambridge
    state: MA
    zip: "02139"
    country: US
    phone: "6175550100"
    timezone: America/New_York
    days: [mon, tue]
    holidays: ["2026-12-25"]
    cutoff: "15:00"
    labels: auto
    grace: 30m
  toronto: {name: Acme Toronto, street1: 2 Quay, city: Toronto, state: "ON", zip: M5V 2T6, country: CA,
            timezone: America/Toronto, cutoff: "09:30"}
sla:
  promise: {Standard: 5, "*": 7}
  services: {Express: [UPS Ground]}
  hold: 48h
stock:
  default: {buffer: {shop: 1}, low: 3}
  SOCKS-*: {low: 9}
boxes:
  - {id: MAILER, inner_mm: [300, 230, 40], tare_g: 20, max_g: 1000}
rules:
  - id: ship
    when: order.routed
    then: [{label: {via: post, max: 40.00}}]
"""
KNOWN = {key: connector.settings for key, connector in connectors().items()}


def config_of(text: str, *, environ: dict[str, str] | None = None, strict: bool = True) -> MerchantConfig:
    found = ENVIRON if environ is None else environ
    return read(text, file="crossdock.yaml", environ=found, known=KNOWN, without_secrets=not strict)


def wrong(text: str) -> list[str]:
    with pytest.raises(ConfigFileError) as refused:
        config_of(text)
    return [str(problem).removeprefix("crossdock.yaml:") for problem in refused.value.problems]


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def test_the_file_without_a_mistake_is_read_and_earns_no_advice() -> None:
    config = config_of(GOOD)

    assert (config.advice, config.unset) == ((), ())
    assert config.locations["boston"].zip == "02139"


VALUES = [
    # numbers that YAML takes from text
    ('zip: "02139"', "zip: 02139", '21:10: zip: text is wanted; put it in quotes: "02139"'),
    ('zip: "02139"', "zip: 89502", '21:10: zip: text is wanted; put it in quotes: "89502"'),
    ('zip: "02139"', 'zip: "2139"', "21:10: zip: '2139' lost its leading zero; write \"02139\""),
    ('zip: "02139"', 'zip: "021390"',
     "21:10: zip: '021390' is no zip of the US; write five digits, as in \"89502\", or \"89502-1234\""),
    ('phone: "6175550100"', "phone: 06175550100", '23:12: phone: text is wanted; put it in quotes: "06175550100"'),
    ("id: MAILER", "id: 007", '40:10: id: text is wanted; put it in quotes: "007"'),
    ("id: MAILER", "id: 1.10", '40:10: id: text is wanted; put it in quotes: "1.10"'),
    ("tare_g: 20,", "tare_g: 020,", "40:52: '020' begins with a zero; write 20, or text in quotes: \"020\""),
    ("Standard: 5", "Standard: 05", "33:23: '05' begins with a zero; write 5, or text in quotes: \"05\""),
    # numbers that YAML takes for text
    ("tare_g: 20,", 'tare_g: "20",', "40:52: tare_g: a whole number is wanted; write 20, without quotes"),
    ("tare_g: 20,", "tare_g: 20g,", "40:52: tare_g: a whole number is wanted; write 20 (grams)"),
    ("max_g: 1000", "max_g: 2.5 kg", "40:63: max_g: a whole number is wanted; write 2500 (grams)"),
    ("max_g: 1000", "max_g: 2 lb", "40:63: max_g: a whole number is wanted; write 907 (grams)"),
    ("max_g: 1000", "max_g: 1E3", "40:63: max_g: a whole number is wanted; write 1000"),
    ("max_g: 1000", "max_g: 1_000", "40:63: max_g: a whole number is wanted; write 1000"),
    ("max_g: 1000", 'max_g: "1,000"', "40:63: max_g: a whole number is wanted; write 1000"),
    ("tare_g: 20,", "tare_g: 20.5,",
     "40:52: tare_g: a whole number is wanted, and 20.5 is none; it counts grams"),
    ("tare_g: 20,", "tare_g: -20,", "40:52: tare_g: '-20' must be at least 0"),
    ("[300, 230, 40]", "[30cm, 23 cm, 4cm]",
     "40:29: inner_mm[0]: a whole number is wanted; write 300 (millimetres)"),
    ("[300, 230, 40]", "[12 in, 230, 40]",
     "40:29: inner_mm[0]: a whole number is wanted; write 305 (millimetres)"),
    ("[300, 230, 40]", "[30.5, 230, 40]",
     "40:29: inner_mm[0]: a whole number is wanted, and 30.5 is none; it counts millimetres"),
    ("[300, 230, 40]", "[30,5, 23,0, 4]", "40:28: inner_mm: 3 at most are wanted, not 5"),
    ("[300, 230, 40]", "300x230x40", "40:28: inner_mm: a list is wanted here; write it in brackets: [300, 230, 40]"),
    ("version: 1", 'version: "1"', "1:10: version: '1' is text in quotes; write 1, without quotes"),
    # true, false and nothing
    (
        "{store: acme.myshopify.com}",
        "{store: acme.myshopify.com, development: maybe}",
        "6:52: development: true or false is wanted",
    ),
    ("city: Cambridge", "city: true", '19:11: city: text is wanted; put it in quotes: "true"'),
    ("city: Cambridge", "city:",
     "19:10: city: text is wanted, and nothing is given; text that begins with # is put in quotes"),
    ("street1: 1 Depot Way", "street1: #1 Depot Way",
     "18:13: street1: text is wanted, and nothing is given; text that begins with # is put in quotes"),
    # countries, states
    ("country: US", "country: us", "22:14: country: 'us' is no country code; write US"),
    ("country: US", "country: USA", "22:14: country: 'USA' is no country code; write US"),
    ("country: US", "country: United States", "22:14: country: 'United States' is no country code; write US"),
    ("country: US", "country: UK", "22:14: country: 'UK' is no country code; write GB"),
    ("country: US", "country: no", "22:14: country: 'no' is no country code; write NO"),
    ("country: US", "country: false",
     "22:14: country: 'False' is no country code; write two capital letters, as in US"),
    ("country: US", "country: XX", "22:14: country: 'XX' is no country code; write two capital letters, as in US"),
    ("state: MA", "state: Massachusetts", "20:12: state: 'Massachusetts' is no state of US; write MA"),
    ("state: MA", "state: ma", "20:12: state: 'ma' is no state of US; write MA"),
    ("state: MA", "state: Mass", "20:12: state: 'Mass' is no state of US; write its two capital letters"),
    ('state: "ON"', "state: Ontario", "30:72: state: 'Ontario' is no state of CA; write ON"),
    ('state: "ON", ', "", "30:3: 'state' is missing: an address in CA needs its province"),
    # times
    ("America/New_York", "EST", "24:15: timezone: 'EST' does not say when the clocks change; write a place, as in America/New_York"),
    ("America/New_York", "PST", "24:15: timezone: 'PST' does not say when the clocks change; write a place, as in America/Los_Angeles"),
    ("America/New_York", "pdt", "24:15: timezone: 'pdt' does not say when the clocks change; write a place, as in America/Los_Angeles"),
    ("America/New_York", "CET", "24:15: timezone: 'CET' does not say when the clocks change; write a place, as in Europe/Berlin"),
    ("America/New_York", "GMT", "24:15: timezone: 'GMT' does not say when the clocks change; write a place, as in Europe/London"),
    ("America/New_York", "UTC-5", "24:15: timezone: 'UTC-5' is an offset that knows no summer time; write a place, as in Europe/Berlin"),
    ("America/New_York", "-5", "24:15: timezone: '-5' is an offset that knows no summer time; write a place, as in Europe/Berlin"),
    ("America/New_York", "New York", "24:15: timezone: no time zone is named 'New York'; did you mean 'America/New_York'?"),
    ("America/New_York", "america/new_york", "24:15: timezone: no time zone is named 'america/new_york'; did you mean 'America/New_York'?"),
    ("America/New_York", "Eastern Standard Time", "24:15: timezone: no time zone is named 'Eastern Standard Time'; did you mean 'America/New_York'?"),
    ("America/New_York", "Amerika/New_York", "24:15: timezone: no time zone is named 'Amerika/New_York'; did you mean 'America/New_York'?"),
    ('cutoff: "15:00"', "cutoff: 3pm", "27:13: cutoff: '3pm' is no time of day; write \"15:00\""),
    ('cutoff: "15:00"', "cutoff: 3:30 PM", "27:13: cutoff: '3:30 PM' is no time of day; write \"15:30\""),
    ('cutoff: "15:00"', "cutoff: 9:00", "27:13: cutoff: '9:00' is no time of day; write \"09:00\""),
    ('cutoff: "15:00"', "cutoff: 24:00", "27:13: cutoff: '24:00' is no time of day; write \"23:59\""),
    ('cutoff: "15:00"', "cutoff: 15", "27:13: cutoff: '15' is no time of day; write \"15:00\""),
    ('cutoff: "15:00"', "cutoff: 15.30", "27:13: cutoff: '15.30' is no time of day; write \"15:30\""),
    ('cutoff: "15:00"', "cutoff: noon", "27:13: cutoff: 'noon' is no time of day; write hours and minutes, as in \"15:00\""),
    ("grace: 30m", "grace: 30", "29:12: grace: '30' is no length of time; write a number and s, m, h or d, as in 15m"),
    ("grace: 30m", "grace: 30 minutes", "29:12: grace: '30 minutes' is no length of time; write 30m"),
    ("grace: 30m", "grace: 1h30m", "29:12: grace: '1h30m' is no length of time; write 90m"),
    ("grace: 30m", "grace: 1.5h", "29:12: grace: '1.5h' is no length of time; write 90m"),
    ("hold: 48h", "hold: 2 days", "35:9: hold: '2 days' is no length of time; write 2d"),
    ('["2026-12-25"]', "[25.12.2026]", "26:16: holidays[0]: '25.12.2026' is no date; write \"2026-12-25\""),
    ('["2026-12-25"]', "[12/25/2026]", "26:16: holidays[0]: '12/25/2026' is no date; write \"2026-12-25\""),
    ('["2026-12-25"]', "[Dec 25 2026]", "26:16: holidays[0]: 'Dec 25 2026' is no date; write \"2026-12-25\""),
    ('["2026-12-25"]', "[2026-2-3]", "26:16: holidays[0]: '2026-2-3' is no date; write \"2026-02-03\""),
    ('["2026-12-25"]', "[01/02/2027]",
     "26:16: holidays[0]: '01/02/2027' is no date; write year, month and day, as in \"2026-12-25\""),
    ('["2026-12-25"]', "[2026-02-30]",
     "26:16: holidays[0]: '2026-02-30' is no date; write year, month and day, as in \"2026-12-25\""),
    ("[mon, tue]", "[Monday, tue]", "25:12: days[0]: 'Monday' is written mon here"),
    ("[mon, tue]", "[mon, Tues]", "25:17: days[1]: 'Tues' is written tue here"),
    # money
    ("max: 40.00", 'max: "19,90"', "44:37: max: '19,90' is no price; write 19.90"),
    ("max: 40.00", "max: 19,90",
     "44:40: unknown key '90' in rules[0].then[0].label (one of: choose, format, max, services, via); a comma ends a value here: decimals are written with a point"),
    ("max: 40.00", "max: 1.234,50 EUR",
     "44:43: unknown key '50 EUR' in rules[0].then[0].label (one of: choose, format, max, services, via)"),
    ("max: 40.00", "max: $40", "44:37: max: '$40' is no price; write 40"),
    ("max: 40.00", "max: 40 EUR", "44:37: max: '40 EUR' is no price; write 40"),
    ("max: 40.00", "max: 0", "44:37: max: '0' is no price; write a number above 0, as in 40.00"),
    # names
    ("merchant: acme", "merchant: Acme Inc.",
     "2:11: merchant: 'Acme Inc.' is no name; write small letters, digits, '-' and '_', as in acme-inc"),
    ("  boston:\n", "  Boston:\n",
     "16:3: 'Boston' is no name; write small letters, digits, '-' and '_', as in boston"),
    ("name: Acme Toronto", "name: Acme Boston",
     "30:19: name: 'Acme Boston' is the name of boston too; channels tell locations by it"),
    ("via: post", "via: easypost", "44:26: via: no connection is named 'easypost'; did you mean 'post'?"),
    ("buffer: {shop: 1}", "buffer: {pay: 1}",
     "37:22: buffer: 'pay' uses stripe, which lists nothing; name a shop or a marketplace"),
    ("  mail: {use", "  shop2: {use: shopify, with: {store: acme.myshopify.com}}\n  mail: {use",
     "14:39: store: 'acme.myshopify.com' is the shop of shop too; keep one"),
    ("{store: acme.myshopify.com}", '{store: acme.myshopify.com, endpoints: {api: "https://x.test"}}',
     "6:51: endpoints: shopify is asked at no 'api' (one of: admin)"),
    ('{key: "${STRIPE_KEY}"}', '{key: "${STRIPE_KEY}", endpoints: {apy: "https://x.test"}}',
     "10:46: endpoints: stripe is asked at no 'apy'; did you mean 'api'?"),
    ("sender: orders@acme.test", 'sender: orders@acme.test, endpoints: {smtp: "https://x.test"}',
     "14:88: endpoints: email is asked at no 'smtp'"),
    ('{key: "${STRIPE_KEY}"}', '{key: "${STRIPE_KEY}", webhook_secret: [whsec_a, whsec_b, whsec_c]}',
     "10:50: webhook_secret: 2 at most are wanted, not 3"),
    ('{key: "${STRIPE_KEY}"}', '{key: "${STRIPE_KEY}", webhook_secret: []}', "10:50: webhook_secret: 1 or more are wanted, not 0"),
    ('{key: "${STRIPE_KEY}"}', '{key: "${STRIPE_KEY}", webhook_secret: [whsec_a, 3]}', "10:60: webhook_secret[1]: text is wanted"),
    ('{key: "${STRIPE_KEY}"}', '{key: "${STRIPE_KEY}", webhook_secret: 3}', "10:50: webhook_secret: text is wanted"),
    ('{key: "${STRIPE_KEY}"}', '{key: "${STRIPE_KEY}", webhook_secret: [whsec_a, b]}',
     "10:50: webhook_secret: a signing secret of Stripe begins with whsec_"),
    ("America/New_York", "Pacific Time",
     "24:15: timezone: no time zone is named 'Pacific Time'; did you mean 'America/Los_Angeles'?"),
    ("America/New_York", "central european time",
     "24:15: timezone: no time zone is named 'central european time'; did you mean 'Europe/Berlin'?"),
    ("buffer: {shop: 1}", "buffer: {Shop: 1}", "37:22: buffer: no connection is named 'Shop'; did you mean 'shop'?"),
    ("tare_g: 20", "tare: 20", "40:44: unknown key 'tare' in boxes[0]; did you mean 'tare_g'?"),
    ("    labels: auto\n", "    labels: auto\n    labels: ask\n", "29:5: 'labels' is given twice; first in line 28"),
    ("labels: auto", "labels: on", "28:13: labels: 'on' is not known here (one of: ask, auto)"),
    ("[UPS Ground]", "UPS Ground", "34:23: Express: a list is wanted here; write it in brackets: [UPS Ground]"),
    ("{store: acme.myshopify.com}", "{store: acme}",
     "6:19: store: write the shop's permanent domain, without https://, as in acme.myshopify.com"),
    ("{store: acme.myshopify.com}", '{store: "https://acme.myshopify.com/admin"}',
     "6:19: store: write the shop's permanent domain, without https://, as in acme.myshopify.com"),
    # the environment
    ('"${STRIPE_KEY}"', '"${STRIPE_KYE}"',
     "10:17: environment variable STRIPE_KYE is not set; set it where this runs: export STRIPE_KYE=..."),
    ('"${STRIPE_KEY}"', "$STRIPE_KEY", '10:17: this reads no environment; write "${STRIPE_KEY}"'),
    ('"${STRIPE_KEY}"', '"%STRIPE_KEY%"', '10:17: this reads no environment; write "${STRIPE_KEY}"'),
    ('"${STRIPE_KEY}"', '"{{ STRIPE_KEY }}"', '10:17: this reads no environment; write "${STRIPE_KEY}"'),
    ('"${STRIPE_KEY}"', '"${STRIPE_KEY"', '10:17: this reads no environment; write "${STRIPE_KEY}"'),
    ("city: Cambridge", 'city: "${CITY}"', "19:11: ${NAME} reads the environment under 'connections' only"),
    # quotes, blanks, merges
    ("city: Cambridge", "city: “Cambridge”",
     '19:11: curly quotes are a part of the text; write straight ones: "Cambridge"'),
    ("    city: Cambridge", "    \u00a0city: Cambridge",
     "19:5: an invisible character (U+00A0) stands before 'city'; write blanks"),
    ("    city: Cambridge", "    <<: {city: Cambridge}", "19:5: '<<' merges nothing here; write the keys out"),
    ("city: Cambridge", "city: !town Cambridge",
     "19:11: tags like '!name' are not used here; put text that begins with ! in quotes"),
]  # fmt: skip


@pytest.mark.req("R75")
@pytest.mark.parametrize(("old", "new", "says"), VALUES, ids=[new.strip() for _, new, _ in VALUES])
def test_a_mistake_is_told_where_it_stands_with_what_to_write(old: str, new: str, says: str) -> None:
    assert says in wrong(changed(old, new))


SYNTAX = [
    ("    city: Cambridge", "\tcity: Cambridge", "19:1: this is no YAML: a tab cannot indent a line; write spaces"),
    ("    use: shopify", "    \tuse: shopify", "5:5: this is no YAML: a tab cannot indent a line; write spaces"),
    ("    city: Cambridge", "     city: Cambridge",
     "19:6: this is no YAML: this line is indented deeper than line 18, which has a value already; indent both alike"),
    ("    city: Cambridge", "   city: Cambridge",
     "19:4: this is no YAML: the indent of this line is that of no line above it"),
    ("street1: 1 Depot Way", "street1: Depot: 1",
     "18:19: this is no YAML: a second ': ' in this line; put the value in quotes"),
    ("merchant: acme", "merchant acme", "2:1: this is no YAML: 'merchant acme' is no key with a value; write ': ' after the key"),
    ("merchant: acme", "merchant:acme",
     "2:1: this is no YAML: a blank is missing after the colon; write merchant: acme"),
    ('zip: "02139"', 'zip: "02139', "21:10: this is no YAML: the quote that opens here is not closed in its line"),
    ("  boston:\n", '  "boston:\n', "16:3: this is no YAML: the quote that opens here is not closed in its line"),
    ("label: {via: post, max: 40.00}}]", 'label: {via: "post, max: 40.00}}]',
     "44:26: this is no YAML: the quote that opens here is never closed"),
    ('zip: "02139"', 'zip: "02139" MA',
     "21:18: this is no YAML: text goes on after the quote that closes; put all of it into one pair of quotes"),
    ("street1: 1 Depot Way", "street1: @Depot Way", "18:14: this is no YAML: '@' cannot begin a text; put the text in quotes"),
    ('"*": 7', "*: 7", "33:26: this is no YAML: '*' begins an alias; put it in quotes, as in \"*\""),
    ("  SOCKS-*:", "  *-SOCKS:", "38:3: this is no YAML: '*' begins an alias; put it in quotes, as in \"*\""),
    ("[mon, tue]", "[mon, tue", "25:11: this is no YAML: the '[' that opens here is not closed"),
    ("tare_g: 20, max_g", "tare_g: 20 max_g", "40:60: this is no YAML: a comma is missing before this"),
    ('"${STRIPE_KEY}"', "${STRIPE_KEY}", '10:18: this is no YAML: put ${NAME} in quotes: "${NAME}"'),
    ("boxes:\n  - {", "boxes: - {", "39:8: this is no YAML: a list with '-' begins on a line of its own, under its key"),
    ("locations:\n", "---\nlocations:\n",
     "15:1: this is no YAML: '---' begins a second merchant's file; put it into a file of its own, in one folder"),
    ("street1: 1 Depot Way", 'street1: "C:\\Depot"',
     "18:17: this is no YAML: '\\' begins an escape between \"double quotes\"; write 'single quotes'"),
    ("city: Cambridge", "city: Cam\x07bridge", "19:14: an invisible character (U+0007) stands here; delete it"),
]  # fmt: skip


@pytest.mark.req("R75")
@pytest.mark.parametrize(("old", "new", "says"), SYNTAX, ids=[new.strip() for _, new, _ in SYNTAX])
def test_what_is_no_yaml_is_told_in_the_words_of_the_file(old: str, new: str, says: str) -> None:
    assert wrong(changed(old, new)) == [says]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("country: US", 'country: "US"'),
        ("country: CA,", 'country: "NO",'),
        ('cutoff: "15:00"', "cutoff: 15:00"),
        ('["2026-12-25"]', "[2026-12-25]"),
        ('"ON"', "ON"),
        ("SOCKS-*", "007"),
        ("SOCKS-*", "1E5"),
        ("America/New_York", "UTC"),
        ("America/New_York", "US/Eastern"),
        ("version: 1", "\ufeffversion: 1"),
        ("max: 40.00", "max: 19.90"),
        ("tare_g: 20,", "tare_g: &tare 20,"),
    ],
)  # fmt: skip
def test_what_other_readers_of_yaml_trip_over_is_read_as_it_is_meant(old: str, new: str) -> None:
    config = config_of(changed(old, new))

    assert config.merchant == "acme"
    if new == "007":
        assert [rule.pattern for rule in config.stock] == ["default", "007"]
        assert (config.low("007"), config.low("7")) == (9, 3)


def test_lines_may_end_as_windows_ends_them() -> None:
    assert config_of(GOOD.replace("\n", "\r\n")).locations["boston"].zip == "02139"


# --- files ---


@pytest.mark.req("R75")
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "1:1: the file is empty; copy crossdock.example.yaml and change what is yours"),
        (b"# later\n", "1:1: the file is empty; copy crossdock.example.yaml and change what is yours"),
        (GOOD.replace("Cambridge", "Orl\u00e9ans").encode("cp1252"),
         "19:14: this is no UTF-8 (byte E9); save the file as UTF-8"),
        (GOOD.encode("utf-16"), "1:1: the file is saved as UTF-16 ('Unicode'); save it as UTF-8"),
        (b"# " + b"x" * 1_000_000, "1:1: the file is larger than 1000000 bytes; is it the right one?"),
        (b"- version: 1\n",
         "1:1: names and values are wanted here: the file begins with version: 1, then merchant: ..."),
        (b"acme\n", "1:1: names and values are wanted here: the file begins with version: 1, then merchant: ..."),
    ],
)  # fmt: skip
def test_a_file_that_is_none_of_ours_says_what_it_is(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "crossdock.yaml"
    file.write_bytes(content)

    with pytest.raises(ConfigFileError) as refused:
        load_file(file, ENVIRON, KNOWN)

    assert str(refused.value) == f"{file}:{says}"


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "crossdock.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())

    assert load_file(file, ENVIRON, KNOWN).merchant == "acme"


# --- advice ---


def advice(text: str) -> list[str]:
    return [str(problem).removeprefix("crossdock.yaml:") for problem in config_of(text).advice]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('{key: "${STRIPE_KEY}"}', "{key: sk_live_canary}",
         '10:17: key: a secret stands in the file; export PAY_KEY=... and write key: "${PAY_KEY}"'),
        ('{key: "${EASYPOST_KEY}"', "{webhook_secret: canary, key: EZAKcanary",
         '13:28: webhook_secret: a secret stands in the file; export POST_WEBHOOK_SECRET=... and write webhook_secret: "${POST_WEBHOOK_SECRET}"'),
        ('"${SMTP_URL}"', '"smtp://me:canary@mail.test"',
         '14:35: smtp: a secret stands in the file; export MAIL_SMTP=... and write smtp: "${MAIL_SMTP}"'),
        ("{store: acme.myshopify.com}", "{store: acme.myshopify.com, token: canary}",
         '6:46: token: a secret stands in the file; export SHOP_TOKEN=... and write token: "${SHOP_TOKEN}"'),
        ("SOCKS-*", "SOCKS-%", "38:3: stock: 'SOCKS-%' is read as it stands: '%' stands for itself; any text is *"),
        ("SOCKS-*", "SOCKS-.*",
         "38:3: stock: 'SOCKS-.*' is read as it stands: '.*' is a point and any text; any text is *"),
        ("SOCKS-*", '"SOCKS-?"', "38:3: stock: 'SOCKS-?' is read as it stands: '?' stands for itself; any text is *"),
        ("SOCKS-*", '"SOCKS-[AB]"',
         "38:3: stock: 'SOCKS-[AB]' is read as it stands: '[...]' stands for itself; any text is *"),
        ("SOCKS-*", '"SOCKS-A, SOCKS-B"',
         "38:3: stock: 'SOCKS-A, SOCKS-B' is read as it stands: one pattern names one kind of SKU; any text is *"),
        ("SOCKS-*", "Default", "38:3: stock: 'Default' is read as a SKU; the pattern for all others is default"),
        ("SOCKS-*", '"SOCKS "', "38:3: stock: 'SOCKS ' begins or ends with a blank, and names no SKU without it"),
    ],
)  # fmt: skip
def test_what_may_stand_so_and_was_not_meant_so_is_advised_and_no_secret_is_repeated(
    old: str, new: str, says: str
) -> None:
    found = advice(changed(old, new))

    assert says in found
    assert "canary" not in "".join(found)


def test_an_address_without_a_password_is_no_secret() -> None:
    assert advice(changed('"${SMTP_URL}"', '"smtp://127.0.0.1:25"')) == []


def test_without_secrets_a_variable_that_is_missing_is_told_and_all_else_is_checked() -> None:
    config = config_of(GOOD, environ={}, strict=False)

    assert [str(problem) for problem in config.unset] == [
        "crossdock.yaml:10:17: environment variable STRIPE_KEY is not set; set it where this runs: export STRIPE_KEY=...",
        "crossdock.yaml:13:17: environment variable EASYPOST_KEY is not set; set it where this runs: export EASYPOST_KEY=...",
        "crossdock.yaml:14:35: environment variable SMTP_URL is not set; set it where this runs: export SMTP_URL=...",
    ]
    assert [name for name, one in config.connections.items() if one.with_ is None] == ["pay", "post", "mail"]
    for old, new in (
        ("threads: 4", "threads: many"),
        ("threads: 4", "thread: 4"),
        ("threads: 4", "threads: 0"),
    ):
        with pytest.raises(ConfigFileError) as refused:
            config_of(changed(old, new), environ={}, strict=False)
        [problem] = refused.value.problems
        assert problem.at.line == 13


@pytest.mark.parametrize(
    ("pattern", "skus", "says"),
    [
        ("SOCKS-*", ["SOCKS-RED", "MUG"], None),
        ("SOCKS-*", [], None),
        ("SOCKS-*", ["MUG"], "38:3: stock: 'SOCKS-*' names none of the 1 known products (one of: MUG)"),
        ("SOCKS-*", ["socks-red", "MUG"],
         "38:3: stock: 'SOCKS-*' names none of the 2 known products; 'socks-red' differs by small and capital letters"),
        ("SOCKS", ["SOCKS-RED", "MUG"],
         "38:3: stock: 'SOCKS' names none of the 2 known products; to name all that begin so, write \"SOCKS*\""),
        ("SOCK-RED", ["SOCKS-RED", "MUG"],
         "38:3: stock: 'SOCK-RED' names none of the 2 known products; did you mean 'SOCKS-RED'?"),
        ('"SOCKS-[A]"', ["SOCKS-A"],
         "38:3: stock: 'SOCKS-[A]' names none of the 1 known products; did you mean 'SOCKS-A'?"),
        ('"SOCKS-[A]"', ["SOCKS-[A]"], None),
        ("*", ["MUG"], None),
    ],
)  # fmt: skip
def test_a_pattern_that_names_no_product_is_told(pattern: str, skus: list[str], says: str | None) -> None:
    config = config_of(changed("SOCKS-*", f'"{pattern}"' if pattern == "*" else pattern))

    found = [str(problem).removeprefix("crossdock.yaml:") for problem in config.idle_patterns(skus)]

    assert found == ([] if says is None else [says])
