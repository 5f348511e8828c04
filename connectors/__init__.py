"""Connectors: one folder per vendor, each with the same file names; each exports ``CONNECTOR``."""
