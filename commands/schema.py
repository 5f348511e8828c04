"""``crossdock schema``: the JSON Schema of crossdock.yaml, by which editors complete and check it."""

import argparse
import json
import sys
from pathlib import Path

from assembly import connectors
from core.config.json_schema import Installed, json_schema
from core.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("--output", metavar="FILE", help="write it there instead of printing it")


def run(arguments: argparse.Namespace) -> int:
    """Print the schema, of the keys that this version knows and of the connectors that are installed."""
    text = json.dumps(installed_schema(), indent=2, ensure_ascii=False)
    if arguments.output is None:
        print(text)
        return 0
    try:
        Path(arguments.output).write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{arguments.output}: cannot be written ({error.strerror})") from error
    return 0


def installed_schema() -> dict[str, object]:
    """Return the schema for the connectors of this installation."""
    return json_schema(
        {
            key: Installed(connector.settings, _about(key) or connector.title)
            for key, connector in connectors().items()
        }
    )


def _about(key: str) -> str:
    """Return the first line of what a connector's folder says of itself."""
    folders = (m for name, m in sys.modules.items() if name.endswith(f".{key}") and hasattr(m, "CONNECTOR"))
    folder = next(folders, None)
    return (getattr(folder, "__doc__", None) or "").partition("\n")[0].replace("``", "`")
