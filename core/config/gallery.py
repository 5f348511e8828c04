"""The gallery: rules that are ready to be taken into a merchant's file, each with its tests."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from core.config.keys import Keys, Name, Text
from core.config.rule_keys import RuleKeys
from core.config.rule_test_keys import TestKeys
from core.config.yaml_text import read_yaml
from core.errors import NotFoundError
from core.nearest import nearest

FOLDER = Path(__file__).parent / "gallery_rules"
Kind = Literal["channel", "easypost", "email", "hooks"]


class NeedsKeys(Keys):
    """What of a merchant's file a rule names: connections by the name that stands for one, and locations."""

    connections: dict[Name, Kind] = Field(default_factory=dict)
    locations: list[Name] = Field(default_factory=list)


class GalleryKeys(Keys):
    """One file of the gallery."""

    title: Text
    description: Text
    needs: NeedsKeys = Field(default_factory=NeedsKeys)
    first: bool = False
    rules: list[RuleKeys] = Field(min_length=1)
    tests: list[TestKeys] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class GalleryRule:
    """One file of the gallery, and its text."""

    name: str
    keys: GalleryKeys
    text: str

    @property
    def starts(self) -> str:
        """What starts it."""
        first = self.keys.rules[0]
        return ", ".join(first.when) if first.when else "the clock"

    @property
    def needs(self) -> str:
        """What a file must have for it, in words."""
        kinds = [
            f"use: {kind}" if kind != "channel" else "a channel"
            for kind in self.keys.needs.connections.values()
        ]
        many = len(self.keys.needs.locations)
        return ", ".join([*kinds, *([f"{many} location{'s' * (many > 1)}"] if many else [])])


@cache
def gallery() -> tuple[GalleryRule, ...]:
    """Return the whole gallery, in the order of the names."""
    return tuple(_read(path) for path in sorted(FOLDER.glob("*.yaml")))


def gallery_rule(name: str) -> GalleryRule:
    """Return a rule of the gallery.

    Raises:
        NotFoundError: there is none of that name.
    """
    names = {rule.name: rule for rule in gallery()}
    if name not in names:
        raise NotFoundError(
            f"the gallery has no rule '{name}'{nearest(name, names)}; crossdock rules list names them"
        )
    return names[name]


def _read(path: Path) -> GalleryRule:
    text = path.read_text(encoding="utf-8")
    document = read_yaml(text, file=path.name, environ={}, environment_under=())
    return GalleryRule(path.stem, GalleryKeys.model_validate(document.values), text)
