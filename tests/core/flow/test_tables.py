"""The tables of steps and jobs, against what was written down by hand: a row that is changed is changed on purpose."""

from core.jobs import JOBS
from core.steps import STEPS

READS = ("reads", None)
LABELS, MAILS = ("labels", "label"), ("mails", "mail")


def test_each_step_asks_its_vendor_first_and_waits_for_its_own_kind_of_pause() -> None:
    """Rates wait too while no label can be bought, and only a label that was sold shows that there is money again."""
    assert {step.name: (step.asks, tuple(step.pauses)) for step in STEPS.values()} == {
        "look_up": (None, READS),
        "leave": (None, READS),
        "settle_cancellation": (None, ("voids", "void")),
        "void_label": (None, ("voids", "void")),
        "reject": ("channel", ("cancellations", "cancel")),
        "note_part_shipped": (None, READS),
        "commit_units": (None, READS),
        "note_shipped_elsewhere": (None, READS),
        "verify_payment": (None, READS),
        "sync_holds": (None, READS),
        "quote": ("carrier", LABELS),
        "buy": ("channel", LABELS),
        "capture": ("channel", ("captures", "capture")),
        "tell_channel": ("channel", ("shipments", "tell")),
        "store_label": ("carrier", READS),
        "confirm": (None, MAILS),
        "tell_shopper": (None, MAILS),
        "mail_cancellation": (None, MAILS),
    }


def test_only_some_kinds_of_jobs_stand_listen_or_are_patient() -> None:
    assert {job.kind for job in JOBS.values() if job.standing} == {
        "poll",
        "probe",
        "push",
        "subscribe",
        "receive",
    }
    assert {job.kind for job in JOBS.values() if job.listens} == {"receive"}
    assert {job.kind for job in JOBS.values() if job.patient} == {"tracking"}
    assert {job.kind: job.pauses.action for job in JOBS.values() if job.pauses.action != "reads"} == {
        "push": "levels"
    }
