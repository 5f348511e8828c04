"""``crossdock db backup|restore FOLDER``: everything but the installation's keys, taken while the hub serves."""

import argparse
import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

from assembly import DATABASE_URL, answering, database_url, up_to_date
from commands.output import print_json
from core.clock import clock_of
from core.config.environ import setting
from core.engine.session import set_clock
from core.errors import ConfigError
from core.store.backup import alone_in, check_revision, prune_keys, write_backup
from core.store.backup_choice import Backup, find_backup
from core.store.database_file import checked_url, database_file, keys_file
from core.store.engine import database
from core.store.keyring_file import given_keys
from core.store.restore import begin_restore, check_backup, restore
from core.store.retention import key_backups_kept
from core.store.sealing import SECRET_KEYS, Keyring
from core.store.single_instance import single_instance


def back_up(arguments: argparse.Namespace) -> int:
    """Take a backup, then delete the sets of keys that are past their age."""
    folder, now = Path(arguments.folder), datetime.now(UTC)

    async def run() -> dict[str, object]:
        url = database_url(os.environ)
        db = database(url)
        try:
            async with up_to_date(url):
                await db.read(check_revision)
            # Whoever starts meanwhile does not wait for it.
            with answering(url):
                data, keys = await db.read(write_backup, folder, now=now)
        finally:
            await db.close()
        return {
            "taken_at": data.taken_at.isoformat(),
            "rows": sum(table.rows for table in data.tables),
            "keys": sum(table.rows for table in keys.tables),
        }

    kept = key_backups_kept(os.environ)
    with alone_in(folder):
        told = asyncio.run(run())
        gone = prune_keys(folder, now=now, kept=kept)
    if arguments.json:
        print_json({**told, "keys_deleted": gone})
        return 0
    print(f"{told['rows']} rows, and apart from them {told['keys']} keys, are in {folder}")
    print(
        f"The keys of the installation are in no backup: keep them elsewhere. Keys older than {kept.days} days are "
        f"deleted from {folder} at each backup: {', '.join(gone) or 'none'}"
    )
    return 0


def bring_back(arguments: argparse.Namespace) -> int:
    """Check a backup, and bring it back into an empty database; nothing runs until a person accepts it again."""
    url = checked_url(setting(os.environ, "CROSSDOCK_DATABASE_URL") or DATABASE_URL)
    keyring = _keyring(url)
    backup = find_backup(Path(arguments.folder), arguments.at, arguments.keys, now=datetime.now(UTC))
    data, keys = check_backup(backup, keyring)
    if arguments.check:
        told = {
            "backup": backup.data.name,
            "keys": backup.keys.name,
            "schema": data.schema_revision,
            "rows": sum(table.rows for table in (*data.tables, *keys.tables)),
            "orders_without_key": backup.keyless,
        }
        print_json(told) if arguments.json else print(
            f"backup {told['backup']} is whole and opens with keys {told['keys']}: {told['rows']} rows, schema "
            f"{told['schema']}"
        )
        _tell_keys(backup, as_json=arguments.json)
        return 0
    _refuse_old_log(url)
    with single_instance(url):
        rows = asyncio.run(_restored(url, backup, keyring))
    if arguments.json:
        print_json({"backup": backup.data.name, "rows": rows, "orders_without_key": backup.keyless})
        return 0
    print(
        f"{sum(rows.values())} rows of {backup.data.name} are back; labels, levels, captures and mails are stopped"
    )
    _tell_keys(backup, as_json=False)
    print(
        "Start the hub: it reads every open order and level again. Then look at go-live and accept them again."
    )
    print(
        "Do again what was done since that backup: people forgotten, users removed or given less, keys revoked "
        "(docs/how-to/backup-and-restore.md)."
    )
    return 0


def _tell_keys(backup: Backup, *, as_json: bool) -> None:
    """Say which orders' personal data the keys do not open, and whether others would."""
    if as_json:
        return
    print(f"{backup.keyless} orders have no key in keys {backup.keys.name}; their persons stay forgotten")
    if backup.held_elsewhere:
        print(
            f"Keys {backup.other_keys} hold those of {backup.held_elsewhere} of them: where they were not forgotten since, "
            f"bring it back into a new database with --keys {backup.other_keys}"
        )


async def _restored(url: str, backup: Backup, keyring: Keyring) -> dict[str, int]:
    async with up_to_date(url):
        db = database(url)
        try:
            clock = clock_of(os.environ)
            await set_clock(clock, db)
            await db.write(begin_restore)
            return await db.migrate(restore, backup, keyring, now=clock.now())
        finally:
            await db.close()


def _keyring(url: str) -> Keyring:
    keyring = given_keys(os.environ, url)
    if keyring is None:
        raise ConfigError(
            f"{keys_file(url)} is missing: put the copy of your keys there, or set {SECRET_KEYS}; no backup holds them"
        )
    return keyring


def _refuse_old_log(url: str) -> None:
    file = database_file(url)
    if file is not None and Path(f"{file}-wal").exists() and not file.exists():
        raise ConfigError(f"{file}-wal is left of another database; move it away first")
