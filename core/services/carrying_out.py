"""Doing what a plan of an order told: page and command come this way."""

from core.engine.hub import Hub
from core.model.asks import Ask
from core.services import actions
from core.services.plans import OrderPlan


async def carry_out(
    hub: Hub,
    merchant: str,
    order_id: str,
    planned: OrderPlan,
    actor: str,
    *,
    note: str,
    why: str,
    seen: int | None,
) -> None:
    """Do what was planned; ``why`` stands on the timeline of an order that is rejected.

    Raises:
        RefusedError: it may not be done, or the order moved on since ``seen``.
    """
    match planned.ask:
        case Ask.RELEASE:
            await actions.release(hub, merchant, order_id, planned.of, actor, note=note, seen=seen)
        case Ask.REJECT:
            await actions.reject(hub, merchant, order_id, why, actor, seen=seen)
        case Ask.LABEL:
            await actions.ask_label(hub, merchant, order_id, actor, note=note, seen=seen)
        case Ask.RETRY:
            await actions.retry(hub, merchant, order_id, actor, note=note, seen=seen)
        case Ask.HOLD:
            await actions.hold(hub, merchant, order_id, actor, note=note, seen=seen)
        case Ask.VOID:
            await actions.void(hub, merchant, order_id, planned.of, actor, note=note, seen=seen)
