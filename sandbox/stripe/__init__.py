"""Stripe's stand-in: payment intents, charges, refunds, events and signed webhooks of API 2026-10-28."""

from sandbox.stripe.app import build
from sandbox.stripe.fidelity import OPERATIONS
from sandbox.stripe.state import Stripe

__all__ = ["OPERATIONS", "Stripe", "build"]
