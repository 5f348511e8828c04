"""How many of a thing one listing holds, by the words of its title and its SKU: ``2PK``, ``set of 4``, ``Doppelpack``.

English, German, French, Italian, Spanish, Dutch and Portuguese, as sellers write them on the marketplaces there.
"""

import re
from collections import Counter
from collections.abc import Sequence

Words = Sequence[tuple[re.Pattern[str], int]]
"""(pattern, units): the units are those of one; a pattern that takes a number in a group has so many of them."""

_LARGEST_PACK = 144

_NUMBERS = {
    word: number
    for number, words in (
        (2, "two deux zwei due dos twee dois"),
        (3, "three trois drei tre tres drie"),
        (4, "four quatre vier quattro cuatro quatro"),
        (5, "five cinq fünf cinque cinco vijf"),
        (6, "six sechs sei seis zes"),
        (8, "eight huit acht otto ocho oito"),
        (9, "nine neuf neun nove nueve negen"),
        (10, "ten dix zehn dieci diez tien dez"),
        (12, "twelve douze zwölf dodici doce twaalf doze"),
    )
    for word in words.split()
}
_NUMBER = rf"(\d{{1,3}}|{'|'.join(_NUMBERS)})"
_COUNTED = (
    r"pks?|packs?|pcs?|pieces?|pairs?|ct|count|units?|stück|stueck|stk|teilig|pièces?|pezzi|pz|piezas?|peças?|uds?"
    r"|unidades|paar|paires?|coppie|pares|paia|stuks|pakke?t?"
)
_HOLDERS = (
    r"(?:packs?|set|box|bundle|lot|case|carton|kit)[\s-]+of"
    r"|(?:packung|paket|pack|set|satz)[\s-]+(?:von|à|mit)"
    r"|(?:lot|pack|coffret|boîte|paquet|jeu|ensemble|set|paquete|juego|lote|caja|conjunto|pacote|kit|caixa)[\s-]+de"
    r"|(?:confezione|pacco|set|lotto|scatola|kit)[\s-]+(?:da|di)"
    r"|(?:set|pak|doos)[\s-]+van"
)
_NO_PACK = r"(?![\s-]*(?:beds?|size|sheets?|mattress|xl|wall|blades?|tub|needles?)\b)"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


PAIRS = (_pattern(r"\b(?:pair of|paire de|paio di|par de|ein paar)\b"), 2)
OF_TITLES: Words = (
    (_pattern(r"\b(?:half|1/2)[\s-]+(?:a[\s-]+)?dozen\b"), 6),
    (_pattern(rf"\b{_NUMBER}[\s-]+(?:dozens?|dz|douzaines?|dutzend|dozzine|docenas?|dozijn|dúzias?)\b"), 12),
    (_pattern(r"\b(?:dozen|douzaine|dutzend|dozzina|docena|dozijn|dúzia)\b"), 12),
    (_pattern(rf"\b{_NUMBER}[\s-]*(?:er[\s-]*(?:pack|set|packung)|{_COUNTED})\b"), 1),
    (_pattern(rf"\b(?:{_HOLDERS})[\s-]+{_NUMBER}\b"), 1),
    (_pattern(r"\b(?:qty|quantity|menge)[\s.:-]*(\d{1,3})\b"), 1),
    (_pattern(r"(?<![\w.])x\s?(\d{1,3})\b(?!\s?x)"), 1),
    (_pattern(r"\b(\d{1,3})\s?x(?![\w-])(?!\s?\d)"), 1),
    PAIRS,
    (_pattern(r"\b(?:dreier|triple|tri|drie)[\s-]?(?:packung|pack|set|pak)\b|\btrio\b"), 3),
    (_pattern(r"\b(?:vierer|quad)[\s-]?(?:packung|pack|set|pak)\b"), 4),
    (_pattern(r"\b(?:twin|double|doppel|zweier|duo|dubbel)[\s-]?(?:packung|pack|set|pak)\b"), 2),
    (_pattern(rf"\b(?:twin|duo){_NO_PACK}\b"), 2),
)
OF_SKUS: Words = (
    (_pattern(r"\b(\d{1,3})[\s-]*(?:er|pks?|packs?|pcs?|pieces?|pairs?|ct|count)\b"), 1),
    (_pattern(r"\b(?:pk|pack)[\s-]?(\d{1,3})\b"), 1),
    (_pattern(r"(?<=[\s-])(?:x(\d{1,3})|(\d{1,3})x)$"), 1),
    (_pattern(r"(?<=[\s-])(?:dozen|doz|dz)\b"), 12),
    (_pattern(r"(?<=[\s-])(?:twin|duo|doppelpack)\b"), 2),
)
"""In a SKU fewer words, and ``X4`` only at its end: elsewhere it may be the name of a thing."""


def packs_of(text: str, words: Words = OF_TITLES) -> Counter[tuple[str, int]]:
    """Return the (word, units) that a text names: ``2PK``, ``2-pack``, ``set of 4``, ``x2`` are packs, ``pair of`` a pair."""
    bare = _plain(text)
    found: Counter[tuple[str, int]] = Counter()
    for pattern, units in words:
        for match in pattern.finditer(bare):
            told = next((group for group in match.groups() if group), "1")
            number = units * (_NUMBERS.get(told) or int(told))
            if 1 < number <= _LARGEST_PACK:
                found["pair" if pattern is PAIRS[0] else "pack", number] += 1
        bare = pattern.sub(" ", bare)
    return found


def without_packs(text: str, words: Words = OF_TITLES) -> str:
    """Return a text whose pack words are taken out."""
    bare = _plain(text)
    for pattern, _ in words:
        bare = pattern.sub(" ", bare)
    return bare


def _plain(text: str) -> str:
    return text.casefold().replace("_", " ").replace("\N{MULTIPLICATION SIGN}", "x").strip()
