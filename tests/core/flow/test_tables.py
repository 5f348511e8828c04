"""The tables of steps and jobs, against what was written down by hand: a row that is changed is changed on purpose."""

from core.engine.answers import KINDS
from core.engine.step import asks_nobody
from core.jobs import JOBS
from core.steps import STEPS


def test_each_step_says_what_it_may_ask_of_whom() -> None:
    assert {step.name: step.asks.__name__ for step in STEPS.values() if step.asks is not asks_nobody} == {
        "look_up": "of_look_up",
        "settle_cancellation": "of_void",
        "void_again": "of_void_again",
        "void_label": "of_void_asked",
        "reject": "of_rejection",
        "verify_payment": "of_payment",
        "quote": "of_quote",
        "buy": "of_purchase",
        "capture": "of_capture",
        "tell_channel": "of_telling",
        "store_label": "of_file",
        "confirm": "of_mail",
        "tell_shopper": "of_mail",
        "mail_cancellation": "of_mail",
    }


def test_while_a_payment_or_a_cancellation_waits_nothing_after_it_is_done() -> None:
    """What comes after the others does not depend on them: a silent mail server delays no label (R107)."""
    assert {step.name for step in STEPS.values() if step.gates} == {"verify_payment", "reject"}


def test_each_operation_of_a_connection_is_a_kind_of_work_of_its_own() -> None:
    """The answer to one must not speak for another that the same job asks for."""
    assert len(set(KINDS.values())) == len(KINDS) == 24
    assert {operation for job in JOBS.values() for operation in job.asks} <= set(KINDS)


def test_only_some_kinds_of_jobs_stand_listen_or_are_patient() -> None:
    assert {job.kind for job in JOBS.values() if job.standing} == {
        "poll",
        "probe",
        "push",
        "subscribe",
        "receive",
        "connection",
        "hour",
    }
    assert {job.kind for job in JOBS.values() if job.listens} == {"receive"}
    assert {job.kind for job in JOBS.values() if job.patient} == {
        "tracking",
        "void",
        "revoked",
        "shop_redact",
    }
    assert {job.kind: job.asks for job in JOBS.values() if job.asks} == {
        "fetch": ("fetch_order",),
        "tracking": ("fetch_tracking",),
        "void": ("find_void",),
        "poll": ("changed_orders", "open_orders"),
        "receive": ("receive", "acknowledge"),
        "subscribe": ("subscribe",),
        "listings": ("list_locations", "list_listings"),
        "push": ("read_levels", "set_levels"),
    }
