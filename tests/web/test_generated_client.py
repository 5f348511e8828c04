"""A client that is generated from the description makes every call and understands every answer."""

import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from tests.builders import MERCHANT
from tests.web.site import KEY, PUBLIC, Site, a_notification
from tests.web.test_api import API, ORDER, REFUSED, shipped
from web.api.openapi import describe
from web.app import ENDPOINTS

PAGE = describe(ENDPOINTS, url=PUBLIC)
OPERATIONS = {
    told["operationId"]: (method, path, told)
    for path, methods in PAGE["paths"].items()
    for method, told in methods.items()
}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package as a stranger generates it, without a warning."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "openapi.json").write_text(json.dumps(PAGE), encoding="utf-8")
    config = Config.from_sources(
        # A CSV file is sent as the bytes that it is.
        ConfigFile(post_hooks=[], content_type_overrides={"text/csv": "application/octet-stream"}),
        MetaType.NONE,
        document_source=folder / "openapi.json",
        file_encoding="utf-8",
        overwrite=False,
        output_path=folder / "crossdock_client",
    )
    assert [f"{e.header} {e.detail}" for e in generate(config=config)] == []
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module("crossdock_client")
    finally:
        sys.path.remove(str(folder))
        for name in [n for n in sys.modules if n.partition(".")[0] == "crossdock_client"]:
            del sys.modules[name]


def calls(generated: ModuleType) -> dict[str, ModuleType]:
    """Return every call of the client by its name."""
    found: dict[str, ModuleType] = {}
    for module in pkgutil.walk_packages(generated.__path__, "crossdock_client."):
        if module.name.startswith("crossdock_client.api.") and not module.ispkg:
            found[module.name.rpartition(".")[2]] = importlib.import_module(module.name)
    return found


def snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda m: f"_{m.group(1).lower()}", name)


def arguments(call: Any, told: Any) -> dict[str, Any]:
    """Return what a call is given: the description's own examples."""
    examples = {p["name"]: p["example"] for p in told["parameters"] if p["in"] == "path"}
    given = {"id" if name == "id_" else name: name for name in inspect.signature(call).parameters}
    made: dict[str, Any] = {given[name]: value for name, value in examples.items() if name in given}
    if "order" in made:
        made["order"] = ORDER
    if "body" in given.values():
        body = told["requestBody"]["content"]["application/json"]
        shape = body["schema"]["$ref"].rpartition("/")[2]
        models = importlib.import_module("crossdock_client.models")
        made["body"] = getattr(models, shape).from_dict(body["example"])
    return made


def test_it_has_every_call(generated: ModuleType) -> None:
    assert sorted(calls(generated)) == sorted(snake(name) for name in OPERATIONS)


async def test_every_call_is_made_and_its_answer_understood(generated: ModuleType, site: Site) -> None:
    await shipped(site)
    await site.notify(f"/webhooks/{MERCHANT}/shop", a_notification())
    models, made = importlib.import_module("crossdock_client.models"), calls(generated)

    async with generated.AuthenticatedClient(base_url=site.url, token=KEY) as client:
        for name, (method, path, told) in OPERATIONS.items():
            call = made[snake(name)].asyncio_detailed
            answer = await call(client=client, **arguments(call, told))
            status = REFUSED.get((method, path.removeprefix(API)), 200)
            assert (name, int(answer.status_code)) == (name, status)
            if status != 200:
                assert isinstance(answer.parsed, models.Problem)
                assert answer.parsed.detail
            else:
                assert answer.parsed is not None, name


async def test_it_reads_values_as_values(generated: ModuleType, site: Site) -> None:
    await shipped(site)
    made = calls(generated)

    async with generated.AuthenticatedClient(base_url=site.url, token=KEY) as client:
        order = await made["show_order"].asyncio(ORDER, client=client)
        label = await made["get_label_file"].asyncio(ORDER, "reno-1", client=client)
        facts = await made["list_order_facts"].asyncio(ORDER, client=client)

    assert (order.number, order.stage.value, order.total_minor) == ("KK-1001", "shipped", 2797)
    assert order.placed_at.tzinfo is not None
    content = label.payload.read()
    assert (content[:6], content[-6:]) == (b"^XA^FD", b"^FS^XZ")
    assert facts.facts[0].kind == "received"


async def test_under_an_idempotency_key_it_is_answered_once(generated: ModuleType, site: Site) -> None:
    models, made = importlib.import_module("crossdock_client.models"), calls(generated)
    body = models.CountAsk.from_dict({"lines": [{"sku": "CHEF-8", "location": "reno", "units": 3}]})

    async with generated.AuthenticatedClient(base_url=site.url, token=KEY) as client:
        came = [
            await made["receive_stock"].asyncio_detailed(client=client, body=body, idempotency_key="k-1")
            for _ in range(2)
        ]

    assert [c.headers.get("Idempotent-Replayed") for c in came] == [None, "true"]
    assert came[0].parsed == came[1].parsed


async def test_who_shows_no_key_is_told_so(generated: ModuleType, site: Site) -> None:
    async with generated.AuthenticatedClient(base_url=site.url, token="nobodys-key") as client:
        refused = await calls(generated)["list_stock"].asyncio(client=client)

    assert (refused.status, refused.detail) == (401, "show an API key: Authorization: Bearer <key>")
