"""Credentials of the installed apps: they belong to the installation, not to a merchant.

``apps:`` in the file that ``CROSSDOCK_INSTALLATION`` names, and ``CROSSDOCK_APP_<CONNECTOR>_<KEY>`` (or ``..._FILE``)
of the environment, which wins over the file.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.config.environ import setting
from core.config.file_text import text_of
from core.config.problems import ConfigFileError
from core.config.yaml_text import Document, read_yaml
from core.errors import ConfigError
from core.nearest import nearest

Apps = Mapping[str, Mapping[str, str]]
"""Connector -> key -> value."""
AppKeys = Mapping[str, Sequence[str]]
"""Connector -> the keys it reads."""

_FILE = "CROSSDOCK_INSTALLATION"
_PREFIX = "CROSSDOCK_APP_"


def apps(environ: Mapping[str, str], app_keys: AppKeys | None = None) -> Apps:
    """Return the credentials by connector. With ``app_keys``, what no connector reads is an error.

    Raises:
        ConfigError: the file is wrong, or a variable of the environment names no connector's key.
    """
    found: dict[str, dict[str, str]] = {connector: {} for connector in app_keys or ()}
    path = environ.get(_FILE)
    if path:
        for connector, keys in _from_file(Path(path), environ, app_keys).items():
            found.setdefault(connector, {}).update(keys)
    for name in sorted(given for given in environ if given.startswith(_PREFIX)):
        connector, key = _key_of(name, app_keys)
        value = setting(environ, f"{_PREFIX}{connector}_{key}".upper())
        if value is not None:
            found.setdefault(connector, {})[key] = value
    return found


def _key_of(name: str, app_keys: AppKeys | None) -> tuple[str, str]:
    """Return the (connector, key) that a variable of the environment gives, itself or by naming a file."""
    connector, _, key = name.removeprefix(_PREFIX).removesuffix("_FILE").lower().partition("_")
    if app_keys is not None and key not in app_keys.get(connector, ()):
        right = [f"{_PREFIX}{one}_{key}".upper() for one, keys in app_keys.items() for key in keys]
        raise ConfigError(f"{name}: no connector reads this{nearest(name, right)}")
    return connector, key


def _from_file(path: Path, environ: Mapping[str, str], app_keys: AppKeys | None) -> Apps:
    text = text_of(path, check=f"{_FILE}, the path and its rights")
    document = read_yaml(text, file=str(path), environ=environ, environment_under=("apps",))
    values = document.values
    if not isinstance(values, dict):
        document.wrong((), "names and values are wanted here")
        raise ConfigFileError(document.problems)
    for key in values:
        if key != "apps":
            document.wrong((key,), f"unknown key '{key}'{nearest(key, ['apps'])}", key=True)
    given = values.get("apps") or {}
    if not isinstance(given, dict):
        document.wrong(("apps",), "apps: names and values are wanted here")
        given = {}
    found = {connector: _keys_of(document, connector, keys, app_keys) for connector, keys in given.items()}
    document.problems += (problem for unset in document.unset.values() for problem in unset)
    if document.problems:
        raise ConfigFileError(document.problems)
    return found


def _keys_of(document: Document, connector: str, keys: object, app_keys: AppKeys | None) -> dict[str, str]:
    path = ("apps", connector)
    if app_keys is not None and connector not in app_keys:
        says = f"apps: no connector is named '{connector}'{nearest(connector, app_keys)}"
        document.wrong(path, says, key=True)
        return {}
    if not isinstance(keys, dict):
        document.wrong(path, f"{connector}: names and values are wanted here")
        return {}
    for key, value in keys.items():
        if app_keys is not None and key not in app_keys[connector]:
            near = nearest(key, app_keys[connector])
            document.wrong((*path, key), f"unknown key '{key}' in apps.{connector}{near}", key=True)
        elif (not isinstance(value, str) or not value) and (*path, key) not in document.unset:
            document.wrong((*path, key), f"{key}: text is wanted; put it in quotes")
    return {key: value for key, value in keys.items() if isinstance(value, str)}
