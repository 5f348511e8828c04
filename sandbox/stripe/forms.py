"""Stripe's form encoding, judged by what the operation's row and the table of kinds say of each parameter."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from sandbox.fidelity import Fidelity
from sandbox.stripe.fidelity import ROWS
from sandbox.stripe.parameters import UNSETS, Flag, Many, Own, kind_of
from sandbox.stripe.refusals import Refused, not_offered

_NAME: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART: Final = re.compile(r"\[([^\[\]]*)\]")
MOST_METADATA: Final = Own().most


class Form:
    """The parameters of one request, by dotted name; values stay text until asked for."""

    def __init__(self, text: str, operation: str) -> None:
        self.values: dict[str, list[str]] = {}
        self.own: dict[str, str] = {}
        """What the caller keeps with the object, by the caller's names."""
        self._operation = operation
        row, given = ROWS[operation], [_Given(*pair) for pair in parse_qsl(text, keep_blank_values=True)]
        known = row.honoured | frozenset(row.listed)
        unknown = [each.shown for each in given if not _covers(known | row.refused, each)]
        if unknown:
            several = "s" if len(unknown) > 1 else ""
            message = f"Received unknown parameter{several}: {', '.join(unknown)}"
            raise Refused(400, message, code="parameter_unknown", param=unknown[0])
        for each in given:
            if _stands(row.refused, each):
                raise not_offered(f"the parameter {each.shown} of {operation}", param=each.shown)
        for each in given:
            self._take(each, row)
        if len(self.own) > MOST_METADATA:
            message = f"You have exceeded the maximum number of keys allowed for metadata ({MOST_METADATA})."
            raise Refused(400, message, param="metadata")

    def _take(self, given: "_Given", row: Fidelity) -> None:
        name = given.name
        if any(other.startswith(f"{name}.") for other in row.honoured) and name not in row.honoured:
            raise Refused(400, "Invalid object", param=given.shown)
        kind = kind_of(self._operation, given.head if given.head == "metadata" else name)
        if isinstance(kind, Own):
            self._keep(kind, given)
            return
        if given.many != isinstance(kind, Many):
            message = (
                "Invalid array" if isinstance(kind, Many) else f"Invalid string: {given.shown} is an array"
            )
            raise Refused(400, message, param=given.shown)
        if given.value == "" and name not in UNSETS:
            message = (
                f"You passed an empty string for '{given.shown}'. We assume empty values are an attempt to unset a "
                f"parameter; however '{given.shown}' cannot be unset. You should remove '{given.shown}' from your "
                "request or supply a non-empty value."
            )
            raise Refused(400, message, code="parameter_invalid_empty", param=given.shown)
        kind.check(given.value, given.shown)
        self.values.setdefault(name, []).append(given.value)

    def _keep(self, kind: Own, given: "_Given") -> None:
        """Take one name of the caller's own; `metadata=` alone unsets them all."""
        if not given.parts:
            if given.value:
                raise Refused(400, "Invalid object", param="metadata")
            self.own.clear()
            return
        if len(given.parts) > 1 or not given.parts[0]:
            raise Refused(400, f"Invalid string: {given.shown} is no text", param=given.shown)
        kind.check(given.value, given.shown)
        self.own[given.parts[0]] = given.value

    def text(self, name: str) -> str | None:
        """The value as text, or none."""
        values = self.values.get(name)
        return values[-1] if values else None

    def needed(self, name: str) -> str:
        """The value as text; refused when missing."""
        value = self.text(name)
        if value is None:
            head, *parts = name.split(".")
            shown = head + "".join(f"[{part}]" for part in parts)
            raise Refused(400, f"Missing required param: {shown}.", code="parameter_missing", param=shown)
        return value

    def many(self, name: str) -> list[str]:
        """Every value of an array."""
        return self.values.get(name, [])

    def integer(self, name: str) -> int | None:
        """The value as a whole number, or none."""
        value = self.text(name)
        return None if value is None else int(value)

    def flag(self, name: str, *, usual: bool = False) -> bool:
        """The value as true or false."""
        value = self.text(name)
        return usual if value is None else value == "true"

    def metadata(self) -> dict[str, str]:
        """What the caller keeps with a new object."""
        return {name: value for name, value in self.own.items() if value}

    def change(self, metadata: dict[str, str]) -> None:
        """Change what was kept with an object: an empty value unsets its name."""
        metadata |= self.own
        for name in [name for name, value in self.own.items() if not value]:
            del metadata[name]

    def inside(self, name: str, fields: Mapping[str, object]) -> dict[str, object] | None:
        """The object of that name with those fields, each as given or as usual; none where nothing of it was given."""
        given: dict[str, object] = {}
        for field, usual in fields.items():
            value = self.text(f"{name}.{field}")
            if value is not None:
                flag = isinstance(kind_of(self._operation, f"{name}.{field}"), Flag)
                given[field] = value == "true" if flag else value
            else:
                given[field] = usual
        return given if any(key.startswith(f"{name}.") for key in self.values) else None


class _Given:
    """One pair of a form: `a[b][]` and `a[b][0]` are the array `a.b`."""

    def __init__(self, shown: str, value: str) -> None:
        self.shown, self.value = shown, value
        whole = _NAME.fullmatch(shown)
        self.head = whole[1] if whole else shown
        self.parts = _PART.findall(whole[2]) if whole else []
        words = [part for part in self.parts if part and not part.isdecimal()]
        self.many = len(words) < len(self.parts)
        self.name = ".".join([self.head, *words])

    def above(self) -> list[str]:
        """Its own name and those of the objects it is inside of, the innermost first."""
        parts = self.name.split(".")
        return [".".join(parts[:length]) for length in range(len(parts), 0, -1)]


def _stands(names: frozenset[str], given: _Given) -> bool:
    """Whether it, or an object it is inside of, stands among the names."""
    return any(name in names for name in given.above())


def _covers(names: frozenset[str], given: _Given) -> bool:
    """Whether the operation knows it: by its name, as an object of known names, or inside what is refused as a whole."""
    if any(other == given.name or other.startswith(f"{given.name}.") for other in names):
        return True
    if given.head == "metadata":
        return "metadata" in names
    return _stands(names & _OBJECTS, given)


_OBJECTS: Final = frozenset({
    "amount_details", "hooks", "mandate_data", "payment_details", "payment_method_data", "payment_method_options",
    "radar_options", "transfer_data",
})  # fmt: skip
"""What is refused as a whole, with everything inside of it."""
