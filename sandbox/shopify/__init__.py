"""Shopify's stand-in: one shop behind the Admin API 2026-10, with webhooks and authorization."""

from sandbox.shopify.app import build
from sandbox.shopify.fidelity import OPERATIONS
from sandbox.shopify.vendor import Shopify

__all__ = ["OPERATIONS", "Shopify", "build"]
