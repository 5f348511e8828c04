from pathlib import Path

import pytest

from core.config.environ import setting
from core.config.installation import apps
from core.errors import ConfigError

KEYS = {"shopify": ("client_id", "client_secret"), "amazon": ("client_id", "queue_url"), "stripe": ()}


def test_credentials_come_from_the_environment() -> None:
    found = apps({"CROSSDOCK_APP_SHOPIFY_CLIENT_ID": "id-1", "PATH": "/bin"}, KEYS)

    assert found == {"shopify": {"client_id": "id-1"}, "amazon": {}, "stripe": {}}
    assert apps({"CROSSDOCK_APP_SHOPIFY_CLIENT_ID": "id-1"}) == {"shopify": {"client_id": "id-1"}}


def test_credentials_come_from_a_file_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "installation.yaml"
    file.write_text(
        'apps:\n  shopify: {client_id: id-2, client_secret: "${APP_SECRET}"}\n  amazon: {queue_url: q}\n'
    )
    environ = {
        "CROSSDOCK_INSTALLATION": str(file),
        "APP_SECRET": "s",
        "CROSSDOCK_APP_SHOPIFY_CLIENT_ID": "id-1",
    }

    assert apps(environ, KEYS) == {
        "shopify": {"client_id": "id-1", "client_secret": "s"},
        "amazon": {"queue_url": "q"},
        "stripe": {},
    }


def test_one_credential_may_lie_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")

    found = apps({"CROSSDOCK_APP_SHOPIFY_CLIENT_SECRET_FILE": str(tmp_path / "secret")}, KEYS)

    assert found["shopify"] == {"client_secret": "s3cret"}


def test_a_variable_that_no_connector_reads_is_told() -> None:
    with pytest.raises(ConfigError) as refused:
        apps({"CROSSDOCK_APP_SHOPIFY_CLIENTID": "id-1"}, KEYS)

    assert str(refused.value) == (
        "CROSSDOCK_APP_SHOPIFY_CLIENTID: no connector reads this; "
        "did you mean 'CROSSDOCK_APP_SHOPIFY_CLIENT_ID'?"
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("apps: {shopfy: {}}\n", "1:8: apps: no connector is named 'shopfy'; did you mean 'shopify'?"),
        (
            "apps: {shopify: {client_di: x}}\n",
            "1:18: unknown key 'client_di' in apps.shopify; did you mean 'client_id'?",
        ),
        ("apps: {shopify: {client_id: 5}}\n", "1:29: client_id: text is wanted; put it in quotes"),
        (
            'apps: {shopify: {client_id: "${NO}"}}\n',
            "1:29: environment variable NO is not set; set it where this runs: export NO=...",
        ),
        ("apps: {shopify: x}\n", "1:17: shopify: names and values are wanted here"),
        ("apps: x\n", "1:7: apps: names and values are wanted here"),
        ("app: {}\n", "1:1: unknown key 'app'; did you mean 'apps'?"),
        ("- apps\n", "1:1: names and values are wanted here"),
    ],
)
def test_a_slip_in_the_file_is_told_with_line_and_column(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "installation.yaml"
    file.write_text(text)

    with pytest.raises(ConfigError) as refused:
        apps({"CROSSDOCK_INSTALLATION": str(file)}, KEYS)

    assert f"{file}:{says}" in str(refused.value).splitlines()


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"cannot be read .*; check CROSSDOCK_INSTALLATION, the path and its rights$"
    ):
        apps({"CROSSDOCK_INSTALLATION": str(tmp_path / "none.yaml")}, KEYS)


def test_an_empty_setting_is_none() -> None:
    assert setting({"CROSSDOCK_CONFIG": ""}, "CROSSDOCK_CONFIG") is None
    assert setting({}, "CROSSDOCK_CONFIG") is None
    assert setting({"CROSSDOCK_CONFIG": "x.yaml"}, "CROSSDOCK_CONFIG") == "x.yaml"
