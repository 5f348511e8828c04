"""For how long backups of the keys are kept: said once, checked, and named in every answer."""

from datetime import timedelta

import pytest

from core.errors import ConfigError
from core.store.retention import key_backups_kept


@pytest.mark.parametrize(
    ("given", "days"),
    [({}, 7), ({"CROSSDOCK_KEEP_KEY_BACKUPS": "0"}, 0), ({"CROSSDOCK_KEEP_KEY_BACKUPS": "30"}, 30)],
)
def test_it_is_seven_days_unless_the_environment_says_otherwise(given: dict[str, str], days: int) -> None:
    assert key_backups_kept(given) == timedelta(days=days)


@pytest.mark.parametrize("given", ["-1", "7d", "4000", "1.5", "٣"])
def test_what_is_no_number_of_days_is_refused(given: str) -> None:
    with pytest.raises(ConfigError, match="no whole number of days from 0 to 3650"):
        key_backups_kept({"CROSSDOCK_KEEP_KEY_BACKUPS": given})
