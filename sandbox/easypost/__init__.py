"""EasyPost's stand-in: shipments, rates, labels, refunds, trackers and signed webhooks of API v2."""

from sandbox.easypost.app import build
from sandbox.easypost.fidelity import OPERATIONS
from sandbox.easypost.state import EasyPost

__all__ = ["OPERATIONS", "EasyPost", "build"]
