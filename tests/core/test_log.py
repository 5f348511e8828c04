import io
import json
import logging
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, ValidationError

from core.errors import MappingError, RejectedError
from core.log import JsonLines, Readable, Redactor, error_text, start_logging

SECRET = "v3ry-s3cret-canary"
EMAIL = "kara.kline+canary@example.test"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def redactor() -> Redactor:
    redactor = Redactor()
    redactor.hide(SECRET, None, "", "abc")
    return redactor


@pytest.fixture(autouse=True)
def _root_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


class Person(BaseModel):
    email: int


def _parse(email: str) -> None:
    Person.model_validate({"email": email})


def _map(email: str) -> None:
    try:
        _parse(email)
    except ValidationError as error:
        raise MappingError("email", "no number") from error


@pytest.mark.req("R66")
@pytest.mark.parametrize("stream_of", [io.StringIO, Terminal])
def test_a_planted_secret_and_a_planted_email_never_reach_the_output(
    redactor: Redactor, stream_of: type[io.StringIO]
) -> None:
    stream = stream_of()
    start_logging(stream, redactor, level=logging.DEBUG)
    log = logging.getLogger("crossdock.canary")

    log.info("sent to %s with %s", EMAIL, SECRET)
    log.info(
        "fields",
        extra={"order_id": f"for {EMAIL}", "merchant": {"items": [SECRET, {"ship_to_name": "Kara Kline"}]}},
    )
    log.info(
        "fields",
        extra={"email": EMAIL, "api_key": SECRET, "accessToken": "Kara Kline", "street1": "Kara Kline"},
    )
    log.warning("failed: %s", ValueError(f"Kara Kline {EMAIL} {SECRET}"))
    try:
        try:
            _parse(EMAIL)
        except ValidationError as error:
            raise RejectedError(f"refused {EMAIL} {SECRET}", connection="shop") from error
    except RejectedError:
        log.exception("refused")
    several = ExceptionGroup("Kara Kline", [KeyError(EMAIL), TimeoutError(SECRET), ValueError("Kara Kline")])
    log.error("group", exc_info=several)

    said = stream.getvalue()
    assert said.count("\n") >= 6
    for canary in (SECRET, EMAIL, "kara.kline", "Kara Kline"):
        assert canary not in said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET https://shop.test/cb?code=abc&hmac=def done", "GET https://shop.test/cb?[redacted] done"),
        ("postgresql://root:hunter2@db/hub", "postgresql://[redacted]@db/hub"),
        ("Authorization: Bearer abc.def", "Authorization: [redacted] [redacted]"),
        ("key sk_test_51Habc used", "key [redacted] used"),
        ("shpat_0123abc and Atzr|IwEBIabc", "[redacted] and [redacted]"),
        ('{"access_token": "abc", "sku": "A-1"}', '{"access_token": [redacted], "sku": "A-1"}'),
        ("call +1 775 555 0100 now", "call [redacted] now"),
        (
            "order 112-4000001-0000001 of 2026-11-30T12:00:00+00:00",
            "order 112-4000001-0000001 of 2026-11-30T12:00:00+00:00",
        ),
        ("what? nothing to hide", "what? nothing to hide"),
    ],
)
def test_what_looks_like_a_secret_or_a_person_is_hidden_in_texts(
    redactor: Redactor, text: str, shown: str
) -> None:
    assert redactor.text(text) == shown


@pytest.mark.parametrize("field", ["token", "refreshToken", "client_secret", "x-shopify-access-token", "Email",
                                   "ship_to.name", "street2", "phone", "lastName", "Authorization", "api-key"])  # fmt: skip
def test_fields_named_like_a_secret_or_a_person_are_hidden(redactor: Redactor, field: str) -> None:
    assert redactor.value("anything", field) == "[redacted]"
    assert redactor.value({field: 5}) == {field: "[redacted]"}


@pytest.mark.parametrize(
    "field", ["order_id", "sku", "connection", "attempts", "tokens_left", "mailer", "filename"]
)
def test_other_fields_are_shown(redactor: Redactor, field: str) -> None:
    assert redactor.value("KK-1001", field) == "KK-1001"


def test_messages_are_shown_of_our_own_errors_and_of_those_that_speak_of_code(redactor: Redactor) -> None:
    assert error_text(MappingError("lineItems[0].sku", "empty"), redactor) == "lineItems[0].sku: empty"
    assert error_text(TypeError("takes 2 arguments"), redactor) == "takes 2 arguments"
    hidden = "(its message may quote values and is not logged)"
    assert error_text(ValueError("Kara Kline"), redactor) == hidden
    assert error_text(KeyError("Kara Kline"), redactor) == hidden


def test_a_record_is_one_line_of_json_with_its_fields(redactor: Redactor) -> None:
    record = logging.LogRecord("crossdock.work", logging.INFO, __file__, 1, "parked %s", ("1001",), None)
    record.created = 1_796_040_000.25
    record.order_id = "1001"
    record.attempts = 3

    line = JsonLines(redactor).format(record)

    assert json.loads(line) == {
        "at": "2026-11-30T12:00:00.250+00:00",
        "level": "info",
        "logger": "crossdock.work",
        "says": "parked 1001",
        "order_id": "1001",
        "attempts": 3,
    }
    assert Readable(redactor).format(record) == "12:00:00 info    parked 1001 order_id=1001 attempts=3"


@pytest.mark.req("R66")
@pytest.mark.parametrize(
    ("logger", "text", "args", "says"),
    [
        ("botocore.retries", "sent to %s", ("Kara Kline",), "sent to %s"),
        ("sp_api.base", "Kara Kline bought", (), "(not logged: what sp_api.base says at calls:7)"),
        ("asyncio", "Task exception was never retrieved\nfuture: KeyError('Kara Kline')", (), "Task exception was never retrieved"),
        ("asyncio", "Exception in callback tell('Kara Kline')", (), "Exception in callback tell"),
        ("asyncio", "Fatal error: protocol.data_received() call failed.\nprotocol: <Kara Kline>", (), "Fatal error"),
        ("asyncio", "unexpected connection_lost() call", (), "unexpected connection_lost() call"),
        ("aiohttp.server", "Error handling request from %s", ("192.0.2.7",), "Error handling request from %s"),
        ("crossdock_of_another", "Kara Kline", (), "(not logged: what crossdock_of_another says at calls:7)"),
        ("pgqueuer.core", "lost %s", (3,), "lost 3"),
    ],
)  # fmt: skip
def test_of_a_library_only_the_words_of_its_code_are_logged(
    redactor: Redactor, logger: str, text: str, args: tuple[object, ...], says: str
) -> None:
    record = logging.LogRecord(logger, logging.WARNING, "/lib/calls.py", 7, text, args, None)

    assert json.loads(JsonLines(redactor).format(record))["says"] == says


def test_a_field_that_nobody_named_is_hidden(redactor: Redactor) -> None:
    record = logging.LogRecord("crossdock.work", logging.INFO, __file__, 1, "parked", (), None)
    record.attempts, record.shopper, record.kind = 3, "Kara Kline", "fetch"

    line = json.loads(JsonLines(redactor).format(record))

    assert (line["attempts"], line["shopper"], line["kind"]) == (3, "[redacted]", "fetch")


def test_a_terminal_gets_readable_lines_and_a_pipe_gets_json(redactor: Redactor) -> None:
    terminal, pipe = Terminal(), io.StringIO()

    start_logging(terminal, redactor)
    logging.getLogger("crossdock.any").info("up")
    start_logging(pipe, redactor)
    logging.getLogger("crossdock.any").info("up")

    assert terminal.getvalue().endswith("info    up\n")
    assert terminal.getvalue().count("\n") == 1
    assert json.loads(pipe.getvalue())["says"] == "up"


def test_an_exception_is_logged_with_its_place_and_its_cause(redactor: Redactor) -> None:
    stream = io.StringIO()
    start_logging(stream, redactor)

    try:
        _map(EMAIL)
    except MappingError:
        logging.getLogger("crossdock.any").exception("parked")

    lines = json.loads(stream.getvalue())["error"]
    assert lines[-1] == "MappingError: email: no number"
    assert "which led to:" in lines
    assert any(line.endswith("in _parse") for line in lines)
