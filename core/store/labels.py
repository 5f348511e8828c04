"""Label files, and how often each was printed."""

from dataclasses import dataclass, replace

import sqlalchemy as sa

from core.store.orders import load_all
from core.store.tables import labels
from core.store.writes import insert_new, update_by_key


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFile:
    """A bought label's file."""

    order_id: str
    parcel_id: str
    label_id: str
    format: str
    file: bytes
    printed: int = 0


def save_label(conn: sa.Connection, merchant: str, label: LabelFile) -> None:
    """Store a label's file; storing it again changes nothing."""
    row = {name: getattr(label, name) for name in LabelFile.__dataclass_fields__}
    insert_new(conn, labels, [{"merchant": merchant, **row}])


def labels_of(conn: sa.Connection, merchant: str, order_id: str) -> list[LabelFile]:
    """Return an order's label files by parcel."""
    query = sa.select(labels).where(labels.c.merchant == merchant, labels.c.order_id == order_id)
    names = LabelFile.__dataclass_fields__
    return [
        LabelFile(**{name: getattr(row, name) for name in names})
        for row in conn.execute(query.order_by(labels.c.parcel_id, labels.c.label_id))
    ]


def find_label(conn: sa.Connection, merchant: str, order_id: str, parcel_id: str) -> LabelFile | None:
    """Return the file of the label in force on a parcel; None where none is stored."""
    [state] = load_all(conn, [(merchant, order_id)])
    parcels = state.parcels if state else ()
    in_force = {p.label.label_id for p in parcels if p.parcel_id == parcel_id and p.label is not None}
    found = [label for label in labels_of(conn, merchant, order_id) if label.label_id in in_force]
    return found[0] if found else None


def print_label(conn: sa.Connection, merchant: str, order_id: str, parcel_id: str) -> LabelFile | None:
    """Return the file of the label in force on a parcel and count the print; None where none is stored."""
    found = find_label(conn, merchant, order_id, parcel_id)
    if found is None:
        return None
    label = replace(found, printed=found.printed + 1)
    row = {name: getattr(label, name) for name in ("order_id", "parcel_id", "label_id", "printed")}
    update_by_key(conn, labels, [{"merchant": merchant, **row}])
    return label
