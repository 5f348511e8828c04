"""Which streets name a post office box, by words of the country: a table, compared word by word.

Words and their countries: UPU, Postal addressing systems, and Rhind, Global Sourcebook, "Post Office Box"
(http://www.grcdi.nl/gsb/post%20office%20box.html); of those, Germany, France, Ireland and the Netherlands were read at
datenanfragen/data, docs/policy/address-formats.md (2026-11-30), the other languages are unverified.
"""

import re
import unicodedata
from functools import cache

_FRENCH = (
    "FR MC BE LU CH CA AD BF BI BJ BL CD CF CG CI CM DJ DZ GA GF GN GP HT KM LB MA MF MG ML MQ MR NC NE PF PM "
    "RE RW SN TD TG TN WF YT"
)
_SPANISH = "ES AD AR BO CL CO CR CU DO EC GQ GT HN MX NI PA PE PR PY SV UY VE"
_PORTUGUESE = "BR PT AO CV GW MO MZ ST TL"
_GERMAN = "DE AT CH LI LU BE"
_DUTCH = "NL BE AW BQ CW SR SX"
_NORDIC = "NO DK GL FO SJ"
_ARABIC = "AE BH DZ EG IQ JO KW LB LY MA OM PS QA SA SD SY TN YE"

# Words -> the countries where they mean a box ("*": everywhere). "#" stands for a number that must follow: words that
# mean something else too, as a street's name or the abbreviation of another thing, count with a number behind only.
WORDS: dict[str, str] = {
    "po box": "*", "p o box": "*", "pobox": "*", "p obox": "*", "p 0 box": "*", "po bx": "*", "p o bx": "*",
    "post office box": "*", "post office bx": "*", "postoffice box": "*", "postal box #": "*", "post box #": "*",
    "postbox #": "*", "pob #": "*", "p o b #": "*", "po b #": "*", "gpo box": "*", "po drawer": "US CA",
    "p o drawer": "US CA", "general delivery": "US CA", "gen delivery": "US CA", "lock box #": "US", "poste restante": "*", "caller box #": "US",
    "locked bag": "AU NZ MY", "beg berkunci": "MY", "reply paid #": "AU", "freepost": "GB IE NZ", "private bag": "AU NZ ZA BW FJ GH KE LS MW NA PG SZ TO VU WS ZM ZW",
    "private mail bag": "AU GH NG SL ZA ZM ZW", "pmb #": "NG GH SL", "p m b #": "NG GH SL", "postnet suite #": "ZA", "privaatsak": "ZA NA",
    "post bag #": "IN", "po bag": "IN", "p o bag": "IN", "pb #": "NO FI AX BE DK IN", "p b #": "IN", "postfach": _GERMAN, "pf #": "DE AT CH LI HU", "postlagernd": "DE AT CH",
    "packstation": "DE", "postfiliale #": "DE", "boite postale": _FRENCH, "bp #": _FRENCH, "b p #": _FRENCH,
    "case postale": "CH CA", "cp #": "CH CA IT SM VA BR MZ", "c p #": "CH CA IT SM VA BR MZ",
    "casella postale": "IT SM VA CH", "fermo posta": "IT SM VA", "fermoposta": "IT SM VA", "apartado #": f"{_SPANISH} {_PORTUGUESE}",
    "apartado postal": _SPANISH, "apartado de correos": _SPANISH, "apartado de correo": _SPANISH, "aptdo": _SPANISH, "a p #": "MX", "apartado aereo": "CO", "apdo": _SPANISH,
    "casilla #": "AR BO CL EC PE PY UY", "casilla de correo": "AR BO CL EC PE PY UY", "casilla correo": "AR BO CL EC PE PY UY",
    "casilla postal": "AR BO CL EC PE PY UY", "caixa postal": _PORTUGUESE, "postbus": f"{_DUTCH} ZA NA",
    "antwoordnummer": "NL", "postboks": _NORDIC, "boks #": "DK NO GL FO", "box #": "SE AX", "postilokero": "FI",
    "pl #": "FI", "postholf": "IS", "skrytka pocztowa": "PL", "skrytka poczt": "PL", "skr pocztowa": "PL", "skr poczt": "PL", "skrytka #": "PL", "postovni prihradka": "CZ", "post prihr": "CZ",
    "postovy priecinok": "SK", "postafiok": "HU", "casuta postala": "RO MD", "postni predal": "SI",
    "postanski pretinac": "HR BA", "postanski fah": "RS ME BA MK", "поштански фах": "RS ME BA",
    "поштенски фах": "MK", "kutia postare": "AL XK",
    "pasto dezute": "LT", "pasta kastite": "LV", "bosca poist": "IE", "bosca oifig poist": "IE",
    "posta kutusu": "TR CY", "pk #": "TR CY EE",
    "p k #": "TR CY", "postkast": "EE", "а я": "RU BY KZ KG", "абонентскии ящик": "RU BY KZ KG", "абанентная скрынка": "BY",  # noqa: RUF001 - Cyrillic
    "а с": "UA", "абонентська скринька": "UA", "пощенска кутия": "BG", "пощ кутия": "BG", "п к #": "BG",  # noqa: RUF001 - Cyrillic
    "ταχυδρομικη θυριδα": "GR CY", "τ θ": "GR CY", "τθ #": "GR CY", "ص ب": _ARABIC, "صندوق بريد": _ARABIC, "صندوق البريد": _ARABIC, "صندوق پستی": "IR AF",
    "ת ד": "IL", "תא דואר": "IL", "slp #": "TZ KE UG", "s l p #": "TZ KE UG", "hop thu": "VN", "hom thu": "VN",
    "peti surat": "MY BN", "kotak pos": "ID",
}  # fmt: skip
# Written without blanks between the words.
_UNSPACED = {
    "JP": ("私書箱", "郵便局留"),
    "CN": ("信箱",),
    "TW": ("信箱",),
    "HK": ("信箱",),
    "MO": ("信箱",),
    "KR": ("사서함",),
    "TH": ("ตู้ ปณ", "ตู้ไปรษณีย์"),
}


def names_post_box(street: str, country: str) -> bool:
    """Return whether a line of a street names a post office box of the country."""
    if any(word in street for word in _UNSPACED.get(country, ())):
        return True
    pattern = _pattern(country)
    return any(pattern.search(_plain(line)) for line in street.splitlines())


def _plain(line: str) -> str:
    """Return a line as words and numbers in one spelling: no accents, no points, ``POBox77`` as ``pobox 77``."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", line.casefold()) if not unicodedata.combining(c))
    return " ".join(re.findall(r"\d+|[^\W\d_]+", bare))


@cache
def _pattern(country: str) -> re.Pattern[str]:
    words = [word for word, where in WORDS.items() if where == "*" or country in where.split()]
    either = "|".join(
        _plain(word).replace(" ", r"\ ") + (r"\ (?:nr\ |no\ |n\ )?\d" if "#" in word else "")
        for word in words
    )
    return re.compile(rf"(?<!\S)(?:{either})(?:(?<=\d)|(?!\S))")
