"""What a client gave for one field: it knows what of it was looked at, so that nothing is ignored in silence (R110)."""

from collections.abc import Iterator, Mapping
from typing import Any


class IgnoredError(Exception):
    """A resolver answered without having looked at an argument: a fault of the stand-in's, never an answer."""


class Given(dict[str, Any]):
    """Arguments, or the fields of an input object inside them; a null counts as not given."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__({name: _given(value) for name, value in values.items()})
        self._seen: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self._seen.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of that name; whatever it is, it has been looked at."""
        self._seen.add(name)
        return super().get(name, default)

    def ignored(self) -> Iterator[str]:
        """The names of what nobody looked at, as in ``input.currency``."""
        for name, value in self.items():
            if value is not None and name not in self._seen:
                yield name
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, Given):
                    yield from (f"{name}.{one}" for one in inner.ignored())


def _given(value: Any) -> Any:
    if isinstance(value, Given):
        return value
    if isinstance(value, dict):
        return Given(value)
    return [_given(one) for one in value] if isinstance(value, list) else value
