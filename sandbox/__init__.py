"""Stateful stand-ins of the vendors over real HTTP, with books of their own."""
