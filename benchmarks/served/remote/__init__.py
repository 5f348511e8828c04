"""Connectors for a hub that is measured as it is served: ``CROSSDOCK_CONNECTORS`` names this folder."""
