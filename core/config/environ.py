"""Settings of the environment, each also readable from the file that ``<NAME>_FILE`` names."""

from collections.abc import Mapping
from pathlib import Path

from core.errors import ConfigError


def setting(environ: Mapping[str, str], name: str) -> str | None:
    """Return a setting, from ``name`` or from the file that ``<name>_FILE`` names; None where neither is given.

    Raises:
        ConfigError: both are given, or the file cannot be read or is empty: a secret that is not mounted must not
            become a default. The message never shows the value.
    """
    in_file = f"{name}_FILE"
    value, file = environ.get(name), environ.get(in_file)
    if not file:
        return value or None
    if value:
        raise ConfigError(f"{name} and {in_file} are both set; unset one of them")
    try:
        text = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{in_file}: {file} cannot be read as text; check the path and its rights"
        ) from error
    if not text:
        raise ConfigError(f"{in_file}: {file} is empty; write the value into it, or unset {in_file}")
    return text
