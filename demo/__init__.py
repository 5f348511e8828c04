"""The demonstration: stand-ins and hub as child processes, a merchant's client, and a comparison of everybody's books.

It talks to both over HTTP only and imports neither: what it shows, an outsider could have seen.
"""

from pathlib import Path
from typing import Final

DAYS: Final = Path(__file__).with_name("days")
KENDRA: Final = DAYS / "kendra_kookware.yaml"
