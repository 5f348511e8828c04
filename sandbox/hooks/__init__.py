"""A small tool of the merchant's own, such as a CRM: it takes what rules send and answers as it is told."""

from sandbox.hooks.app import build
from sandbox.hooks.state import Tool

__all__ = ["Tool", "build"]
