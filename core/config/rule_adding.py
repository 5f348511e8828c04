"""Takes a rule of the gallery into the text of a merchant's file; everything else of it stays as it is."""

import re
from collections.abc import Iterator, Mapping
from textwrap import dedent, indent
from typing import Any, Literal

import yaml

from core.config.gallery import GalleryRule
from core.config.merchant import MerchantConfig
from core.config.references import CHANNELS
from core.config.rule_references import CARRIERS, HOOKS, MAILERS
from core.config.texts import texts_of
from core.errors import ConfigError

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_USES: Mapping[str, frozenset[str]] = {
    "channel": CHANNELS,
    "easypost": CARRIERS,
    "email": MAILERS,
    "hooks": HOOKS,
}
Part = Literal["rules", "tests"]


def text_with(config: MerchantConfig, rule: GalleryRule) -> str:
    """Return the text of a merchant's file with a rule and its tests in it.

    Raises:
        ConfigError: the file has a rule of that id, lacks what the rule needs, has its rules in brackets, or is several.
    """
    if len(texts_of(config.text)) > 1:
        says = f"these are one merchant's; put the rule into one of them: crossdock rules show {rule.name}"
        raise ConfigError(f"{config.file}: {says}")
    for one in rule.keys.rules:
        known = config.rules.rule(one.id)
        if known is not None:
            raise ConfigError(f"{config.file}:{known.at.line}: rule '{one.id}' is there already")
    text = _renamed(rule.text, _names(config, rule))
    try:
        whole = _inserted(config, config.text, "rules", _part(text, "rules"), first=rule.keys.first)
        whole = _inserted(config, whole, "tests", _part(text, "tests"), first=False)
        _root(whole)
    except yaml.YAMLError as error:
        says = "no place for a rule is found; put it there by hand: crossdock rules show"
        raise ConfigError(f"{config.file}: {says} {rule.name}") from error
    return whole


def _names(config: MerchantConfig, rule: GalleryRule) -> dict[str, str]:
    """Return by the gallery's names what the file has in their place: what is called so, else the first of its kind."""
    found: dict[str, str] = {}
    for name, kind in rule.keys.needs.connections.items():
        right = [own for own, one in config.connections.items() if one.use in _USES[kind]]
        if not right:
            wanted = "that sells" if kind == "channel" else f"with use: {kind}"
            raise ConfigError(f"{config.file}: '{rule.name}' needs a connection {wanted}; the file has none")
        found[name] = name if name in right else right[0]
    wanted_places, places = rule.keys.needs.locations, list(config.locations)
    if len(places) < len(wanted_places):
        raise ConfigError(
            f"{config.file}: '{rule.name}' needs {len(wanted_places)} locations; the file has {len(places)}"
        )
    return found | dict(zip(wanted_places, places, strict=False))


def _root(text: str) -> yaml.MappingNode:
    root = yaml.compose(text, Loader=_LOADER)
    if not isinstance(root, yaml.MappingNode):
        raise ConfigError("names and values are wanted here")
    return root


def _values(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """Yield every single value under a node; keys are none."""
    match node:
        case yaml.MappingNode():
            for _, value in node.value:
                yield from _values(value)
        case yaml.SequenceNode():
            for value in node.value:
                yield from _values(value)
        case yaml.ScalarNode():
            yield node


def _renamed(text: str, names: Mapping[str, str]) -> str:
    """Return a text of the gallery with the names of the merchant's file; comments stay."""
    found = [
        (one.start_mark.index, one.end_mark.index, one.value) for one in _values(_root(text)) if not one.style
    ]
    for start, end, value in reversed(found):
        if value in names:
            text = text[:start] + names[value] + text[end:]
    return text


def _part(text: str, name: Part) -> str:
    """Return the lines of one part of a gallery's file, without the blanks before all of them."""
    found = re.search(rf"^{name}:\n((?:[ #].*\n|\n)+)", text, re.MULTILINE)
    return dedent(found[1]) if found else ""


def _inserted(config: MerchantConfig, text: str, name: Part, block: str, *, first: bool) -> str:
    """Return a text with entries added to one of its lists, which is made where there is none."""
    root = _root(text)
    list_ = next((value for key, value in root.value if key.value == name), None)
    newline = "\r\n" if "\r\n" in text else "\n"
    if root.flow_style:
        raise ConfigError(
            f"{config.file}: the whole file stands in braces; write each key on a line of its own"
        )
    if list_ is None:
        return _ended(text, newline) + newline + _lines(f"{name}:\n{indent(block, '  ')}", newline)
    if isinstance(list_, yaml.SequenceNode) and list_.value and list_.flow_style:
        at = list_.start_mark.line + 1
        says = f"{name} stands in brackets; write each entry on a line of its own that begins with -"
        raise ConfigError(f"{config.file}:{at}: {says}")
    if isinstance(list_, yaml.SequenceNode) and list_.value:
        if text[list_.start_mark.index] != "-":
            raise yaml.YAMLError("the list has an anchor")
        begin = list_.start_mark.index - list_.start_mark.column
        at = begin if first else _line_after(text, _end(list_))
        margin = " " * list_.start_mark.column
    else:  # [] or nothing
        start, end = list_.start_mark.index, list_.end_mark.index
        text = text[:start].rstrip(" ") + text[end:] if end > start else text
        at, margin = _line_after(text, _key_end(root, name)), "  "
    return _ended(text[:at], newline) + _lines(indent(block, margin), newline) + text[at:]


def _key_end(root: yaml.MappingNode, name: Part) -> int:
    index: int = next(key.end_mark.index for key, _ in root.value if key.value == name)
    return index


def _end(node: yaml.Node) -> int:
    """Return where the last value under a node ends: of a list, the parser tells where the next thing begins."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    index: int = node.end_mark.index
    return index


def _line_after(text: str, index: int) -> int:
    """Return where the next line begins."""
    if index and text[index - 1] == "\n":
        return index
    return (text.find("\n", index) + 1) or len(text)


def _ended(text: str, newline: str) -> str:
    return text if not text or text.endswith("\n") else text + newline


def _lines(block: str, newline: str) -> str:
    return block.replace("\n", newline)
