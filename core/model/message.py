"""What is told to one person."""

from core.model.base import Shape


class Message(Shape):
    """A message to one person; ``kind`` and ``subject_id`` say what it is about, in headers, without personal data."""

    kind: str
    subject_id: str
    to: str
    subject: str
    text: str
    html: str
