from tests.core.flow.conftest import on_disk

__all__ = ["on_disk"]
