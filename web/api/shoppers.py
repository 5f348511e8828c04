"""Persons: what is known of them, and that it be forgotten. Whoever is meant stands in the body, never in an address."""

from typing import Any, Self

from pydantic import Field, model_validator

from core.services.shoppers import (
    Person,
    export_person,
    forget_person,
    forget_plan,
    openable_until,
)
from web.api.endpoint import Answer, Call, Endpoint
from web.keys import HUB

_EXAMPLE = {"order": "KK-1001"}


class PersonAsked(Answer):
    """The person of one order, or of every order of a mail address: one of the two."""

    order: str | None = Field(
        None, min_length=1, description="the order: its id, its number, or the channel's id"
    )
    email: str | None = Field(None, min_length=3, max_length=320)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.order is None) == (self.email is None):
            raise ValueError("say either order or email")
        return self

    @property
    def person(self) -> Person:
        """Who is meant."""
        return Person(order=self.order, email=self.email)


class ForgetPlanView(Answer):
    """What forgetting a person will do."""

    title: str
    does: tuple[str, ...]
    way_back: str
    refused: str | None
    orders: tuple[str, ...]


class ForgottenView(Answer):
    """What was forgotten."""

    orders: tuple[str, ...]
    """Empty where no order of the mail address is known now."""
    forgotten_at: str
    labels: int
    """Label files that went."""
    deliveries: int
    """Deliveries whose text went."""
    overwritten: bool
    """Whether the bytes are overwritten already; if not, they are within the hour."""
    later_until: str | None
    """Orders of the mail address placed until then that come to light later are forgotten as well; null of an order."""
    backups_open_until: str
    """Until then a backup of the keys, if there is one, can open an older backup of the database."""


class PersonExport(Answer):
    """All that is known of a person."""

    merchant: str
    at: str
    orders: tuple[dict[str, Any], ...]


async def plan_forget(call: Call) -> ForgetPlanView:
    """Say what forgetting a person would do."""
    planned = await forget_plan(call.request.app[HUB], call.merchant, call.body.person)
    return ForgetPlanView(
        title=planned.title,
        does=planned.does,
        way_back=planned.back,
        refused=planned.refused or None,
        orders=planned.order_ids,
    )


async def forget(call: Call) -> ForgottenView:
    """Forget a person; by mail address also where no order is known now, for those that come to light later."""
    person = call.body.person
    done = await forget_person(call.request.app[HUB], call.merchant, person, actor=call.actor)
    return ForgottenView(
        orders=done.order_ids,
        forgotten_at=done.at.isoformat(),
        labels=done.erased.labels,
        deliveries=done.erased.bodies,
        overwritten=done.overwritten,
        later_until=None if person.email is None else done.at.isoformat(),
        backups_open_until=openable_until(done.at).isoformat(),
    )


async def export(call: Call) -> PersonExport:
    """Give all that is known of a person."""
    found = await export_person(call.request.app[HUB], call.merchant, call.body.person)
    return PersonExport(**found)


ENDPOINTS = (
    Endpoint(
        name="planForgetPerson",
        method="POST",
        path="/shoppers/forget/plan",
        summary="What forgetting a person would do",
        gives=ForgetPlanView,
        run=plan_forget,
        takes=PersonAsked,
        example=_EXAMPLE,
        asks=True,
    ),
    Endpoint(
        name="forgetPerson",
        method="POST",
        path="/shoppers/forget",
        summary="Forget a person for good",
        gives=ForgottenView,
        run=forget,
        takes=PersonAsked,
        example=_EXAMPLE,
        names_person=True,
    ),
    Endpoint(
        name="exportPerson",
        method="POST",
        path="/shoppers/export",
        summary="All that is known of a person",
        gives=PersonExport,
        run=export,
        takes=PersonAsked,
        example=_EXAMPLE,
        asks=True,
    ),
)
