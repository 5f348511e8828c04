"""Every kind of errand, and the function that runs it."""

from core import connecting, intake
from core.flow import relinking
from core.flow.backorders import serve_backorders
from core.privacy import export_person, redact_person, redact_shop, revoked
from core.stock import levels
from core.work import Errands

ERRANDS: Errands = {
    "fetch": intake.fetch,
    "payment": intake.payment,
    "tracking": intake.tracking,
    "level": intake.level,
    "unreadable": intake.unreadable,
    "poll": intake.poll,
    "receive": intake.receive,
    "subscribe": intake.subscribe,
    "listings": connecting.listings,
    "push": levels.push,
    "relink": relinking.relink,
    "backorders": serve_backorders,
    "revoked": revoked,
    "person_redact": redact_person,
    "person_export": export_person,
    "shop_redact": redact_shop,
}
"""Kind -> function; the kinds of a connection that never end are named in core/work.STANDING."""
