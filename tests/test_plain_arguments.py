"""What a command takes as a note or a reason: plain text, as the pages and the API."""

import argparse
from typing import cast

import pytest

from commands.arguments import plain_note
from commands.order_asks import add_ask_options, ask
from core.engine.hub import Hub
from core.errors import RefusedError

TURNED = "ship to \u202eoneR\u202c"
pytestmark = [pytest.mark.case("F14")]


def test_a_note_that_turns_what_others_read_is_a_mistake_of_the_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parser = argparse.ArgumentParser()
    add_ask_options(parser)

    with pytest.raises(SystemExit) as ended:
        parser.parse_args(["--note", TURNED])

    assert ended.value.code == 2
    says = "the note has characters that turn the order of others; write plain text"
    assert f"argument --note: {says}" in capsys.readouterr().err
    assert (plain_note("\u200b"), plain_note(" she called ")) == ("", "she called")


async def test_a_reason_that_turns_what_others_read_is_refused_before_anything_is_asked() -> None:
    said = argparse.Namespace(do="reject", reason=TURNED, note="", yes=True)

    with pytest.raises(RefusedError) as refused:
        await ask(said, cast("Hub", None), "kendra", "shop:kk-1001")

    assert str(refused.value) == "the reason has characters that turn the order of others; write plain text"
