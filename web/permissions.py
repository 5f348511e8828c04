"""What each role may do: every route of the API and of the console with the least role that it wants, in one table.

A route that does not stand here is for owners alone; a test finds it.
"""

from collections.abc import Mapping

from core.model.roles import Role
from web.api.endpoint import PREFIX

_API: Mapping[Role, tuple[str, ...]] = {
    Role.VIEWER: (
        "GET /orders", "GET /orders/{order}", "GET /orders/{order}/facts", "GET /orders/{order}/actions",
        "GET /orders/{order}/explanation", "POST /orders/{order}/replay", "GET /orders/{order}/capture",
        "GET /stock/{sku}/explanation",
        "GET /stock", "GET /products", "GET /listings", "GET /links", "GET /links/csv", "GET /zones", "GET /notices",
        "GET /connections", "GET /deliveries", "GET /work", "GET /work/next", "GET /readiness",
        "GET /go-live", "GET /go-live/accepted", "GET /go-live/accepted/{id}", "GET /go-live/accepted/{id}/undo",
        "GET /go-live/documents/{id}/listings",
        "GET /stock/opening",
        "GET /runs", "GET /runs/{run}", "GET /parked", "GET /me", "GET /sessions", "POST /sessions/end", "POST /sessions/{id}/end",
    ),
    Role.PICKER: ("GET /orders/{order}/labels/{parcel}", "GET /orders/{order}/notes"),
    Role.OPERATOR: (
        "POST /orders/{order}/release", "POST /orders/{order}/reject", "POST /orders/{order}/label",
        "POST /orders/{order}/retry", "POST /orders/{order}/hold", "POST /orders/{order}/void", "POST /orders/release",
        "POST /orders/{order}/notes", "PUT /orders/{order}/tags", "POST /orders/tags", "PUT /orders/{order}/assignee",
        "POST /stock/count", "POST /stock/receive", "PUT /products", "PUT /zones",
        "PUT /listings/{connection}/{listing}/link", "DELETE /listings/{connection}/{listing}/link",
        "POST /links/accept", "POST /links/import", "POST /links/undo", "POST /notices/seen",
        "POST /deliveries/{connection}/{event}/replay",
        "POST /connections/{connection}/test", "POST /connections/{connection}/resume",
        "GET /users", "POST /parked/retry", "POST /runs/{run}/retry",
        "GET /privacy-requests", "POST /privacy-requests/answered", "GET /connections/{connection}/redaction",
    ),
    Role.OWNER: (
        "POST /connections/{connection}/accept", "POST /connections/{connection}/stop", "POST /connections/{connection}/brake",
        "POST /go-live/accept", "POST /go-live/undo",
        "POST /stock/opening/preview", "POST /stock/opening", "POST /stock/opening/undo", "POST /stock/opening/adopt",
        "POST /users/{user}/role", "POST /users/{user}/rename", "POST /users/{user}/reset", "POST /users/{user}/remove",
        "GET /invitations", "POST /invitations", "POST /invitations/{id}/cancel",
        "GET /keys", "POST /keys", "POST /keys/{name}/revoke",
        "POST /shoppers/forget/plan", "POST /shoppers/forget", "POST /shoppers/export",
    ),
}  # fmt: skip

_CONSOLE: Mapping[Role, tuple[str, ...]] = {
    Role.VIEWER: (
        "GET /", "POST /logout", "GET /account", "POST /account",
        "GET /orders", "GET /orders/{order}", "GET /orders/{order}/done", "GET /orders/{order}/why", "GET /exceptions", "GET /stock",
        "GET /links", "GET /links.csv", "GET /connections", "GET /deliveries", "GET /runs", "GET /runs/{run}",
        "GET /go-live", "GET /go-live/undo/{id}.csv", "GET /go-live/listings/{id}",
    ),
    Role.OPERATOR: (
        "POST /orders/{order}", "POST /orders/{order}/notes", "POST /orders/{order}/tags", "POST /orders/{order}/assignee",
        "POST /exceptions", "POST /runs/{run}", "POST /stock", "POST /links", "POST /deliveries",
        "POST /connections/{connection}/resume", "POST /connections/{connection}/test",
        "GET /privacy", "POST /privacy",
    ),
    Role.OWNER: (
        "GET /connect/{merchant}/{connection}", "POST /connections/{connection}", "POST /go-live",
        "GET /people", "POST /people",
    ),
}  # fmt: skip


def _table() -> dict[str, Role]:
    found: dict[str, Role] = {}
    for role, routes in _CONSOLE.items():
        found |= dict.fromkeys(routes, role)
    for role, routes in _API.items():
        found |= {f"{method} {PREFIX}{path}": role for method, _, path in (r.partition(" ") for r in routes)}
    return found


LEAST: Mapping[str, Role] = _table()
"""``METHOD /path/{of}/the/route`` -> the least role that may."""

PERSONAL = Role.PICKER
"""The least role that reads shoppers' names and addresses."""


def least_role(method: str, path: str) -> Role:
    """Return the least role that may call a route; HEAD is as GET is."""
    return LEAST.get(f"{'GET' if method == 'HEAD' else method} {path}", Role.OWNER)
