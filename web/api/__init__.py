"""``/api/v1``: what programs read and ask for, described by ``/api/v1/openapi.json``."""
