"""Countries, states and postcodes as addresses of the file write them, and what is meant by another spelling.

Country codes: ISO 3166-1 alpha-2 (249 codes) and XK, which carriers use for Kosovo. States: the codes of USPS
(Publication 28, appendix B) and of Canada Post (Addressing guidelines).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.config.yaml_text import Document, Path

_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS "
    "BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE "
    "EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM "
    "HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC "
    "LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA "
    "NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW "
    "SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO "
    "TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW "
)
COUNTRIES = frozenset(_CODES.split())
_MEANT: Mapping[str, str] = {
    spelling: code
    for code, spellings in {
        "US": "usa|u.s.|u.s.a.|united states|united states of america|america",
        "GB": "uk|u.k.|gbr|united kingdom|great britain|england|scotland|wales|northern ireland",
        "CA": "can|canada",
        "DE": "deu|ger|germany|deutschland",
        "FR": "fra|france",
        "NL": "nld|netherlands|the netherlands|nederland|holland",
        "BE": "bel|belgium",
        "AT": "aut|austria",
        "CH": "che|switzerland",
        "IT": "ita|italy",
        "ES": "esp|spain",
        "IE": "irl|ireland",
        "NO": "nor|norway",
        "SE": "swe|sweden",
        "DK": "dnk|denmark",
        "PL": "pol|poland",
        "AU": "aus|australia",
        "NZ": "nzl|new zealand",
        "JP": "jpn|japan",
        "CN": "chn|china",
        "MX": "mex|mexico",
        "GR": "el|grc|greece",
    }.items()
    for spelling in spellings.split("|")
}
_STATES: Mapping[str, Mapping[str, str]] = {
    country: {state[:2]: state[3:] for state in states.split("|")}
    for country, states in {
        "US": (
            "AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|"
            "DE Delaware|DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|"
            "IL Illinois|IN Indiana|IA Iowa|KS Kansas|KY Kentucky|LA Louisiana|ME Maine|"
            "MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|MO Missouri|"
            "MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|"
            "NY New York|NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon|"
            "PA Pennsylvania|RI Rhode Island|SC South Carolina|SD South Dakota|TN Tennessee|"
            "TX Texas|UT Utah|VT Vermont|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|"
            "WY Wyoming|PR Puerto Rico|GU Guam|VI Virgin Islands|AS American Samoa|"
            "MP Northern Mariana Islands|AA Armed Forces Americas|AE Armed Forces Europe|"
            "AP Armed Forces Pacific"
        ),
        "CA": (
            "AB Alberta|BC British Columbia|MB Manitoba|NB New Brunswick|"
            "NL Newfoundland and Labrador|NS Nova Scotia|NT Northwest Territories|NU Nunavut|"
            "ON Ontario|PE Prince Edward Island|QC Quebec|SK Saskatchewan|YT Yukon"
        ),
    }.items()
}
"""Country -> the post's two letters -> name."""
_ZIP = re.compile(r"[0-9]{5}(?:-[0-9]{4})?")
_SHORT_ZIP = re.compile(r"[0-9]{3,4}")


def country(value: object) -> object:
    """Return a country's code.

    Raises:
        ValueError: it is none; the message says what to write.
    """
    if isinstance(value, str) and value in COUNTRIES:
        return value
    text = str(value).strip()
    meant = text.upper() if text.upper() in COUNTRIES else _MEANT.get(text.casefold())
    what = f"write {meant}" if meant else "write two capital letters, as in US"
    raise ValueError(f"'{value}' is no country code; {what}")


def check_places(document: Document) -> None:
    """Note states and postcodes that their country does not have, and two locations of one name."""
    named: dict[str, str] = {}
    for name, keys in _locations(document):
        path: Path = ("locations", name)
        called = keys.get("name")
        if isinstance(called, str) and named.setdefault(called, name) != name:
            says = f"name: '{called}' is the name of {named[called]} too; channels tell locations by it"
            document.wrong((*path, "name"), says)
        state, postcode, code = keys.get("state"), keys.get("zip"), keys.get("country")
        states = _STATES.get(code) if isinstance(code, str) else None
        if states and isinstance(state, str) and state not in states:
            document.wrong((*path, "state"), f"state: {_no_state(state, str(code), states)}")
        if states and code == "CA" and "state" not in keys:
            document.wrong(path, "'state' is missing: an address in CA needs its province", key=True)
        if code == "US" and isinstance(postcode, str) and postcode and not _ZIP.fullmatch(postcode):
            document.wrong((*path, "zip"), f"zip: {_no_zip(postcode)}")


def _no_state(state: str, code: str, states: Mapping[str, str]) -> str:
    by_name = {called.casefold(): short for short, called in states.items()}
    folded = state.strip().rstrip(".").casefold()
    meant = by_name.get(folded) or (folded.upper() if folded.upper() in states else None)
    return f"'{state}' is no state of {code}; write {meant or 'its two capital letters'}"


def _no_zip(postcode: str) -> str:
    if _SHORT_ZIP.fullmatch(postcode):
        return f"'{postcode}' lost its leading zero; write \"{postcode.zfill(5)}\""
    return f'\'{postcode}\' is no zip of the US; write five digits, as in "89502", or "89502-1234"'


def _locations(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    found = document.values.get("locations")
    for name, keys in found.items() if isinstance(found, dict) else ():
        if isinstance(keys, dict):
            yield name, keys
