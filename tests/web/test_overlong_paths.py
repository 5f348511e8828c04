"""Paths that are longer than any of ours: refused before the router takes them apart."""

from typing import Any

import pytest

from tests.builders import MERCHANT
from tests.web.site import KEY, Site
from tests.web.test_door import Connect, connect
from web.door.guard import LONGEST_PATH, MOST_SLASHES

__all__ = ["connect"]

TOLD = "a path has at most 2048 characters and 32 slashes"
OVERLONG = {
    "slashes": "/" * 8000,
    "slashes of the API": "/api/v1" + "/" * 8000,
    "parts": "/a" * 4000,
    "one slash too many": "/" * (MOST_SLASHES + 1),
    "one character too many": "/" + "x" * LONGEST_PATH,
    "escaped": "/orders/" + "%2F" * 2600,
    "of a webhook": f"/webhooks/{MERCHANT}/shop" + "/" * 100,
    "of what is open": "/healthz" + "/" * 100,
}


class Asked(dict[str, Any]):
    """An index of routes that counts how often it is asked."""

    count = 0

    def get(self, key: str, default: Any = None) -> Any:
        """Return what stands there."""
        self.count += 1
        return super().get(key, default)


@pytest.mark.case("F4", "F5")
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("path", OVERLONG.values(), ids=OVERLONG)
async def test_an_overlong_path_is_414_and_never_routed(
    site: Site, connect: Connect, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    index = Asked(site.app.router._resource_index)
    monkeypatch.setattr(site.app.router, "_resource_index", index)
    client = await connect(site)

    await client.send(
        f"{method} {path} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {KEY}\r\nConnection: close\r\n\r\n".encode()
    )

    if method == "HEAD":
        assert (await client.reader.readline()).split()[1] == b"414"
    else:
        assert await client.told() == (414, TOLD)
    assert index.count == 0
    assert site.log.getvalue() == ""
    assert await site.stored() == []


@pytest.mark.case("F5")
@pytest.mark.parametrize(
    "path", ["/" + "x" * (LONGEST_PATH - 1), "/x" * MOST_SLASHES, "//healthz", "/healthz/"]
)
async def test_a_path_of_a_length_that_may_be_is_looked_for(site: Site, path: str) -> None:
    answer = await site.ask("GET", f"{site.url}{path}", key=KEY)

    assert (answer.status, answer.json["detail"][:14]) == (404, f"there is no {path}"[:14])


@pytest.mark.case("F5")
async def test_a_long_query_is_not_of_the_path(site: Site) -> None:
    assert (await site.ask("GET", "/healthz?next=" + "/" * 4000)).status == 200
