"""What is told to people."""

from core.model.base import Shape


class Message(Shape):
    """One message; ``kind`` and ``subject_id`` say what it is about, in headers, without personal data."""

    kind: str
    subject_id: str
    to: str
    """A mail address, or several with a comma and a blank between them."""
    subject: str
    text: str
    html: str
