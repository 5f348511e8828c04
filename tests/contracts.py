"""Where the vendors' real schemas and recordings lie, for the tests that hold us to them."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _folder() -> Path:
    return Path(os.environ.get("CROSSDOCK_CONTRACTS", str(ROOT.parent / "shared" / "contracts")))


def contracts_are_there() -> bool:
    """Return whether vendor contracts are there, for what is held to them beside what a test is about; CI never lacks them."""
    return _folder().is_dir() or os.environ.get("CI") == "true"


def contracts() -> Path:
    """Return the folder of vendor contracts; skip where it is missing, fail where CI misses it."""
    folder = _folder()
    if folder.is_dir():
        return folder
    reason = f"no vendor contracts at {folder}; set CROSSDOCK_CONTRACTS to run this test"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
