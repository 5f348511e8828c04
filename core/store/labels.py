"""Label files, sealed under their order's key, and how often each was printed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from core.domain.commit import OrderCommit
from core.store.keys import Purpose, find_key, keys_for
from core.store.orders import load_all
from core.store.sealing import Key, Keyring, Place, key_id_of, open_sealed, seal
from core.store.tables import forgotten, labels
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


def write_labels(
    conn: sa.Connection, keyring: Keyring, commits: Sequence[OrderCommit], gone: Collection[tuple[str, str]]
) -> None:
    """Store the files that commits bring, but of orders that are ``gone``; one that is stored already stays."""
    kept = [commit for commit in commits if commit.labels and (commit.merchant, commit.order_id) not in gone]
    keys = keys_for(conn, keyring, [(c.merchant, Purpose.order(c.order_id)) for c in kept])
    rows = []
    for commit in kept:
        key = keys[commit.merchant, Purpose.order(commit.order_id)]
        for new in commit.labels:
            label = LabelFile(
                order_id=commit.order_id,
                parcel_id=new.parcel_id,
                label_id=new.label_id,
                format=new.format,
                file=new.file,
            )
            row = {name: getattr(label, name) for name in LabelFile.__dataclass_fields__}
            row |= {"file": _sealed(key, commit.merchant, label, new.file), "file_key": key.key_id}
            rows.append({"merchant": commit.merchant, **row})
    insert_new(conn, labels, rows)


def labels_of(conn: sa.Connection, keyring: Keyring, merchant: str, order_id: str) -> list[LabelFile]:
    """Return an order's label files by parcel; none of an order that was forgotten."""
    query = sa.select(labels).where(labels.c.merchant == merchant, labels.c.order_id == order_id)
    rows = conn.execute(query.order_by(labels.c.parcel_id, labels.c.label_id)).all()
    key = find_key(conn, keyring, merchant, Purpose.order(order_id)) if rows else None
    found: list[LabelFile] = []
    for row in rows:
        label = LabelFile(**{name: getattr(row, name) for name in LabelFile.__dataclass_fields__})
        if row.file_key is None:  # an older hub stored it
            found.append(label)
        elif key is not None and key.key_id == key_id_of(row.file):
            found.append(replace(label, file=open_sealed(key, row.file, _place(merchant, label))))
    return found


def seal_labels(conn: sa.Connection, keyring: Keyring, merchant: str, limit: int) -> int:
    """Seal label files that an older hub stored as they are, so many at once; return how many there were.

    Those of orders that were forgotten are left alone: they are deleted, and no key is made for them.
    """
    grave = (forgotten.c.merchant == merchant, forgotten.c.subject == labels.c.order_id)
    gone = sa.exists().where(*grave, forgotten.c.kind == "order")
    mine = (labels.c.merchant == merchant, labels.c.file_key.is_(None), ~gone)
    query = sa.select(labels).where(*mine).order_by(*labels.primary_key).limit(limit).with_for_update()
    rows = conn.execute(query).all()
    keys = keys_for(conn, keyring, [(merchant, Purpose.order(row.order_id)) for row in rows])
    sealed = []
    for row in rows:
        key = keys[merchant, Purpose.order(row.order_id)]
        names = ("order_id", "parcel_id", "label_id")
        where = {name: getattr(row, name) for name in names}
        label = LabelFile(**where, format=row.format, file=row.file)
        file = _sealed(key, merchant, label, row.file)
        sealed.append({"merchant": merchant, **where, "file": file, "file_key": key.key_id})
    update_by_key(conn, labels, sealed)
    return len(rows)


def _sealed(key: Key, merchant: str, label: LabelFile, file: bytes) -> bytes:
    return seal(key, file, _place(merchant, label))


def _place(merchant: str, label: LabelFile) -> Place:
    return Place(merchant=merchant, table="labels", row=(label.order_id, label.parcel_id, label.label_id))


def find_label(
    conn: sa.Connection, keyring: Keyring, merchant: str, order_id: str, parcel_id: str
) -> LabelFile | None:
    """Return the file of the label in force on a parcel; None where none is stored."""
    [state] = load_all(conn, [(merchant, order_id)])
    parcels = state.parcels if state else ()
    in_force = {p.label.label_id for p in parcels if p.parcel_id == parcel_id and p.label is not None}
    found = [label for label in labels_of(conn, keyring, merchant, order_id) if label.label_id in in_force]
    return found[0] if found else None


def print_label(
    conn: sa.Connection, keyring: Keyring, merchant: str, order_id: str, parcel_id: str
) -> LabelFile | None:
    """Return the file of the label in force on a parcel and count the print; None where none is stored."""
    found = find_label(conn, keyring, merchant, order_id, parcel_id)
    if found is None:
        return None
    label = replace(found, printed=found.printed + 1)
    row = {name: getattr(label, name) for name in ("order_id", "parcel_id", "label_id", "printed")}
    update_by_key(conn, labels, [{"merchant": merchant, **row}])
    return label
