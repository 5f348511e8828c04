"""Amazon's stand-in: Seller Central's consent page, Login with Amazon, the Selling Partner API, and SQS, on one port."""

from sandbox.amazon.app import build
from sandbox.amazon.fidelity import OPERATIONS
from sandbox.amazon.vendor import Amazon

__all__ = ["OPERATIONS", "Amazon", "build"]
