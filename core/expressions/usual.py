"""Which engine there is: cel-expr-python where there is a wheel of it, otherwise cel-python."""

from functools import cache

from core.expressions.engine import Engine


@cache
def usual_engine() -> Engine:
    """Return the engine of this machine."""
    try:
        from core.expressions.cel_cpp import CelCpp  # noqa: PLC0415 - there are no wheels of it for every machine
    except ImportError:
        from core.expressions.cel_python import CelPython  # noqa: PLC0415 - not installed where the other is

        return CelPython()
    return CelCpp()
