"""A day of random orders on which a stand-in cheats in silence: is it noticed, and is it said what and where?"""

import re

from demo.player import Play, play_day

VENDOR_OF = {
    "order_lost": "shopify",
    "amazon_order_lost": "amazon",
    "capture_lost": "stripe",
    "capture_doubled": "stripe",
    "label_doubled": "easypost",
    "postage_changed": "easypost",
    "tracking_lost": "shopify",
    "amazon_tracking_lost": "amazon",
    "level_lost": "shopify",
    "amazon_level_lost": "amazon",
    "mail_lost": "mail",
    "mail_doubled": "mail",
}


async def overlooked(kind: str) -> list[str]:
    """Play it and return what was not noticed; nothing where all was."""
    found, _ = await play_day(Play(orders=12, seed=3, sabotage=kind, json=True))
    wrong = [check for check in found["checks"] if not check["ok"]]
    vendor = VENDOR_OF[kind]
    # EasyPost's subject is the reference that the hub gave it, mail's the two headers: the number comes first.
    subject = re.split("[/ ]", str(found["sabotage"]["subject"]))[0]
    seen = {
        "that the books differ": found["ok"] is False,
        "the kind": found["sabotage"]["kind"] == kind,
        f"the vendor {vendor}": any(vendor in c["detail"] or vendor in c["name"] for c in wrong),
        f"the subject {subject}": any(subject in c["detail"] for c in wrong),
    }
    return [f"{what} was not noticed" for what, noticed in seen.items() if not noticed]
