"""A request the vendor understands and refuses: it comes back as a userError and changes nothing."""


class Refusal(Exception):  # noqa: N818  the trade's word; it is an answer, not a fault
    """Why, which argument, and the vendor's code where its error type has one."""

    def __init__(self, message: str, *field: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = list(field) or None
        self.code = code
