"""What every column may hold of a person: declared, so that a new column must say it (a test compares it with the tables).

Forgetting goes by this list: what is SEALED, HASHED or a FILE goes with the order's person, what is of the STAFF stays
with what they did, and OTHER columns hold ids, codes, amounts, instants and the merchant's own words.
"""

from collections.abc import Mapping
from enum import StrEnum


class Holds(StrEnum):
    """What a column may hold of a person."""

    SEALED = "sealed"  # a shopper's data under a key that goes with the person
    KEY = "key"  # such a key, wrapped
    HASHED = "hashed"  # a keyed hash of a shopper's data
    STAFF = "staff"  # the name by which somebody who works for the merchant is known
    NOTE = "note"  # words of the merchant's people, who are told to name no shopper in them


COLUMNS: Mapping[tuple[str, str], Holds] = {
    ("orders", "personal"): Holds.SEALED,
    ("order_notes", "sealed"): Holds.SEALED,
    ("labels", "file"): Holds.SEALED,
    ("deliveries", "body"): Holds.SEALED,
    ("data_keys", "wrapped"): Holds.KEY,
    ("refs", "reference"): Holds.HASHED,
    ("forgotten", "subject"): Holds.HASHED,
    ("facts", "actor"): Holds.STAFF,
    ("facts", "data"): Holds.NOTE,
    ("orders", "state"): Holds.NOTE,
    ("orders", "tags"): Holds.NOTE,
    ("orders", "assignee"): Holds.STAFF,
    ("ledger", "actor"): Holds.STAFF,
    ("ledger", "note"): Holds.NOTE,
    ("openings", "actor"): Holds.STAFF,
    ("link_imports", "actor"): Holds.STAFF,
    ("switches", "actor"): Holds.STAFF,
    ("go_lives", "actor"): Holds.STAFF,
    ("forgotten", "actor"): Holds.STAFF,
    ("api_keys", "name"): Holds.STAFF,
    ("users", "name"): Holds.STAFF,
    ("users", "login"): Holds.STAFF,
    ("sessions", "browser"): Holds.STAFF,
    ("one_time_links", "name"): Holds.STAFF,
    ("one_time_links", "made_by"): Holds.STAFF,
    ("idempotency_keys", "caller"): Holds.STAFF,
    ("privacy_requests", "ended_by"): Holds.STAFF,
    ("privacy_requests", "result"): Holds.NOTE,
}
"""(table, column) -> what it may hold; what is not here is in NOTHING."""

NOTHING: Mapping[str, str] = {
    "orders": "merchant order_id connection external_id number placed_at version offered_seq stage holds total_minor currency due_at "
    "claimed_by claimed_until attempts waits_for error parked_at personal_key forget_at updated_at",
    "facts": "merchant order_id seq kind v at",
    "effects": "merchant key order_id operation connection fence owner state intended_at settled_at request result",
    "open_pushes": "merchant connection key",
    "refs": "merchant kind order_id",
    "order_notes": "merchant order_id note_id",
    "labels": "merchant order_id parcel_id label_id format file_key printed",
    "deliveries": "merchant connection event_id topic kind subject received_at state error body_key",
    "data_keys": "merchant key_id purpose wrapped_by created_at",
    "forgotten": "merchant kind at why done_at",
    "vault": "merchant connection name sealed key_id version claimed_by claimed_until expires_at",
    "api_keys": "merchant key_hash role created_at expires_at last_used_at",
    "idempotency_keys": "merchant key fingerprint begun_at claimed_by claimed_until landed status body",
    "stock": "merchant sku location on_hand committed entries counted",
    "ledger": "merchant sku location seq at kind d_on_hand d_committed order_id",
    "products": "merchant sku title weight_g size_mm hs origin barcode folded_sku stocked alike",
    "product_words": "merchant word sku",
    "listings": "merchant connection listing location title channel_sku product fulfilled_by_channel last_read read_at "
    "wanted_last dirty_seq clean_seq check_at refused barcode catalog copies computed_by_channel agreed restore_to bulk "
    "stopped alike linked folded_sku folded_title",
    "links": "merchant connection listing sku units",
    "link_imports": "merchant number at before after undone_at listings",
    "channel_locations": "merchant connection channel_location name location",
    "openings": "merchant number at source lines undone_at counts",
    "zones": "merchant location zone nearness prefixes",
    "jobs": "merchant kind subject connection due_at requests claimed_by claimed_until attempts error parked_at data lane",
    "switches": "merchant connection action state at first_at",
    "settings_revisions": "merchant revision",
    "go_lives": "merchant document_id taken_at document accepted_at actions connections undone_at rows_id",
    "go_live_rows": "merchant rows_id page rows",
    "stopped_pushes": "merchant connection at changes listings",
    "pauses": "merchant connection action since reason look_at cleared_at for_person",
    "pause_waits": "merchant connection action kind subject tried_at",
    "privacy_requests": "merchant connection event_id kind received_at orders state ended_at",
    "notices": "merchant kind subject text since seen_at",
    "quota": "merchant app operation tat rate_per_s burst paused_until",
    "configs": "merchant hash loaded_at text",
    "config_versions": "merchant number digest since actor",
    "drafts": "merchant digest since until actor",
    "users": "merchant user_id role password_hash created_at signed_in_at removed_at",
    "sessions": "merchant token_hash user_id key_hash created_at seen_at expires_at",
    "one_time_links": "merchant secret_hash kind role user_id key_hash made_at expires_at",
    "processes": "owner role since beat_at",
    "restores": "merchant restored_at taken_at",
    "write_probes": "merchant at",
    "active_rules": "merchant digest subjects",
    "rule_runs": "merchant run_id rule digest trigger about subject event looked_at next due_at waits_for results error tries "
    "version open trace outcome started_at ended_at",
    "stock_told": "merchant sku available dirty_seq clean_seq",
    "connections_told": "merchant connection lost changes",
    "buffers": "merchant connection sku units rule at",
}
"""Table -> its columns that hold nothing of a person: ids, codes, amounts, instants, the merchant's own words."""
