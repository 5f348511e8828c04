"""What is wrong with an expression, and where in its text."""

from core.errors import ConfigError, HubError


class ExpressionError(ConfigError):
    """An expression is wrong: it is refused when it is read.

    Args:
        says: what is wrong and what to write instead.
        offset: where in the text it is, in characters from its beginning.
    """

    def __init__(self, says: str, offset: int) -> None:
        super().__init__(says)
        self.says = says
        self.offset = offset

    def moved(self, by: int) -> "ExpressionError":
        """Return the same, told of a longer text that has so many characters before this one."""
        return ExpressionError(self.says, self.offset + by)


class EvaluationError(HubError):
    """An expression has no value over what it was given; the message says why, without any of the values."""
