"""The part of an order's row that its facts decide."""

from typing import Any

from core.domain.state import OrderState


def projection(state: OrderState) -> dict[str, Any]:
    """Return the columns of an order's row that its facts decide."""
    total = state.order.total if state.order and state.order.unreadable is None else None
    return {
        "version": state.version,
        "stage": state.stage.value,
        "state": state.model_dump_json(),
        "holds": f" {' '.join(state.holds)} " if state.holds else "",
        "tags": f" {' '.join(state.tags)} " if state.tags else "",
        "assignee": state.assignee,
        "offered_seq": state.offered.seq if state.offered else 0,
        "parked_at": state.parked.at if state.parked else None,
        "total_minor": total.minor if total else None,
        "currency": total.currency if total else None,
    }
