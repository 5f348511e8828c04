from tests.core.flow.conftest import b, on_disk

__all__ = ["b", "on_disk"]
