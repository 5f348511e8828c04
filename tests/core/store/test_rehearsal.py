"""An upgrade is rehearsed: it tells what would be, and the database stays as it is."""

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.store.rehearsal import rehearse
from core.store.schema import migrate_to, newest, upgrade
from tests.command import Said, command
from tests.core.store.filled import contents
from tests.core.store.test_upgrades import _all_of, _left_by_hub, on
from tests.databases import KINDS, fresh_database

pytestmark = pytest.mark.case("F2")
