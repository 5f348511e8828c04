"""Reads crossdock.yaml into a ``MerchantConfig``; everything that is wrong with it is told at once, with line and column."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from core.config.explain import names_of, note_errors
from core.config.file_text import text_of
from core.config.folder import read_folder
from core.config.joined import joined
from core.config.keys import DAYS
from core.config.map_reader import read_maps
from core.config.merchant import (
    ConnectionConfig,
    Location,
    MerchantConfig,
    PushGuardRule,
    StockRule,
)
from core.config.places import check_places
from core.config.problems import ConfigFileError
from core.config.references import check_references
from core.config.remarks import note_leading_zeros, note_nothing, note_odd_patterns, note_secrets
from core.config.rule_reader import check_expressions, read_rules
from core.config.rule_test_reader import read_tests
from core.config.rules import RuleSet, standing_label
from core.config.schema import CommonWith, ConnectionKeys, FileKeys, LocationKeys
from core.config.texts import digest_of, one_text, texts_of
from core.config.yaml_text import Document, read_yaml
from core.model.shipment import Box
from core.nearest import nearest

Known = Mapping[str, type[BaseModel]]
"""Connector -> the type of its ``with``."""


def load(
    path: Path, environ: Mapping[str, str], known: Known, *, without_secrets: bool = False
) -> tuple[MerchantConfig, ...]:
    """Return the configuration of a file, or of each merchant whose files lie in a folder.

    ``without_secrets``: a variable that a connection's ``with`` reads may be missing; it is told in ``unset``.

    Raises:
        ConfigFileError: with every problem of every file.
        ConfigError: there is nothing to read.
    """
    if not path.is_dir():
        return (load_file(path, environ, known, without_secrets=without_secrets),)
    folder = read_folder(path, environ)
    configs: list[MerchantConfig] = []
    problems = folder.problems
    for files in folder.complete:
        document = joined([file.document for file in files if file.document is not None])
        text = one_text([(file.name, file.text) for file in files])
        try:
            found = _checked(document, text, known=known, without_secrets=without_secrets)
        except ConfigFileError as error:
            problems += error.problems
            continue
        configs.append(replace(found, file=", ".join(str(file.path) for file in files)))
    if problems:
        raise ConfigFileError(problems)
    return tuple(configs)


def load_file(
    path: Path, environ: Mapping[str, str], known: Known, *, without_secrets: bool = False
) -> MerchantConfig:
    """Return the configuration that a file describes.

    Raises:
        ConfigFileError: with every problem of the file.
        ConfigError: the file cannot be read.
    """
    text = text_of(path, check="CROSSDOCK_CONFIG or --config")
    return read(text, file=str(path), environ=environ, known=known, without_secrets=without_secrets)


def read(
    text: str, *, file: str, environ: Mapping[str, str], known: Known, without_secrets: bool = False
) -> MerchantConfig:
    """Return the configuration that a text describes; ``file`` is its name in messages.

    A text that was made of several files is read as these, each under its own name.

    Raises:
        ConfigFileError: with every problem of the text.
    """
    texts = texts_of(text)
    documents = [
        read_yaml(
            said,
            file=file if len(texts) == 1 else name,
            environ=environ,
            environment_under=("connections",),
        )
        for name, said in texts
    ]
    whole = all(isinstance(document.values, dict) for document in documents)
    document = joined(documents) if whole else documents[0]
    return _checked(document, text, known=known, without_secrets=without_secrets)


def _checked(document: Document, text: str, *, known: Known, without_secrets: bool) -> MerchantConfig:
    """Return the configuration that a document describes; ``text`` is what its files say."""
    if not isinstance(document.values, dict):
        document.wrong(
            (), "names and values are wanted here: the file begins with version: 1, then merchant: ..."
        )
        raise ConfigFileError(document.problems)
    keys = _check_keys(document)
    check_references(document)
    check_places(document)
    settings = _check_settings(document, known)
    for path, unset in document.unset.items():
        if not (without_secrets and path[2:3] == ("with",)):
            document.problems += unset
    note_leading_zeros(document)
    note_nothing(document)
    note_odd_patterns(document)
    if keys is None:
        check_expressions(document)
        raise ConfigFileError(document.problems)
    rules = read_rules(document, keys.rules, digest=digest_of(text))
    tests, maps = read_tests(document, keys.tests, rules), read_maps(document, keys.maps)
    if document.problems:
        raise ConfigFileError(document.problems)
    return replace(_config(document, keys, settings, text, rules), tests=tests, maps=maps)


def _check_keys(document: Document) -> FileKeys | None:
    try:
        return FileKeys.model_validate(document.values)
    except ValidationError as error:
        note_errors(document, error, FileKeys)
        return None


With = tuple[CommonWith, BaseModel | None]
"""What ``with`` says for every connector, and for its own; None where a variable of the environment is missing."""


def _check_settings(document: Document, known: Known) -> dict[str, With]:
    """Return what every connection's ``with`` says, checked by its connector."""
    found: dict[str, With] = {}
    connections = document.values.get("connections")
    for name, keys in connections.items() if isinstance(connections, dict) else ():
        use = keys.get("use") if isinstance(keys, dict) else None
        given = keys.get("with", {}) if isinstance(keys, dict) else None
        if not isinstance(use, str) or not isinstance(given, dict):
            continue
        if use not in known:
            says = f"use: no connector is named '{use}'{nearest(use, known)}"
            document.wrong(("connections", name, "use"), says)
            continue
        checked = _check_with(document, name, given, known[use])
        if checked is not None:
            found[name] = checked
    return found


def _check_with(
    document: Document, name: str, given: Mapping[str, Any], settings: type[BaseModel]
) -> With | None:
    common = names_of(CommonWith)
    where = ("connections", name, "with")
    lacking = {path[3] for path in document.unset if path[:3] == where and len(path) > len(where)}
    note_secrets(document, name, given, settings)
    parts: list[BaseModel | None] = []
    for model, part in (
        (CommonWith, {key: value for key, value in given.items() if key in common}),
        (settings, {key: value for key, value in given.items() if key not in common}),
    ):
        try:
            read = model.model_validate({key: value for key, value in part.items() if key not in lacking})
            parts.append(None if lacking & set(part) else read)
        except ValidationError as error:
            # A value here may be a secret: none is repeated.
            note_errors(document, error, model, under=where, also=common, lacking=lacking, quotes=False)
            parts.append(None)
    both, own = parts
    if own is None and not lacking:
        return None
    return (both if isinstance(both, CommonWith) else CommonWith()), own


def _config(
    document: Document, keys: FileKeys, settings: Mapping[str, With], text: str, rules: RuleSet
) -> MerchantConfig:
    return MerchantConfig(
        merchant=keys.merchant,
        connections={name: _connection(name, one, *settings[name]) for name, one in keys.connections.items()},
        locations={name: _location(one) for name, one in keys.locations.items()},
        boxes=tuple(
            Box(
                box_id=box.id,
                inner_mm=(box.inner_mm[0], box.inner_mm[1], box.inner_mm[2]),
                tare_g=box.tare_g,
                max_g=box.max_g,
            )
            for box in keys.boxes
        ),
        promises=keys.sla.promise,
        services={method: tuple(allowed) for method, allowed in keys.sla.services.items()},
        stock=tuple(
            StockRule(
                pattern=pattern,
                buffer=rule.buffer,
                low=rule.low,
                at=document.position(("stock", pattern), key=True),
            )
            for pattern, rule in keys.stock.items()
        ),
        labels=standing_label(rules),
        rules=rules,
        stages=dict(keys.sla.stages),
        file=document.file,
        text=text,
        digest=digest_of(text),
        secrets=tuple(sorted(document.environment_values)),
        unset=tuple(problem for unset in document.unset.values() for problem in unset),
        advice=tuple(sorted(document.advice)),
    )


def _connection(
    name: str, keys: ConnectionKeys, common: CommonWith, own: BaseModel | None
) -> ConnectionConfig:
    return ConnectionConfig(
        name=name,
        use=keys.use,
        with_=own,
        payments=keys.payments,
        mails=keys.mails,
        endpoints=common.endpoints,
        token=common.token,
        push_guard=PushGuardRule(**keys.brake.model_dump()),
    )


def _location(keys: LocationKeys) -> Location:
    plain = keys.model_dump(exclude={"days", "holidays"})
    return Location(
        **plain, days=frozenset(DAYS.index(day) for day in keys.days), holidays=frozenset(keys.holidays)
    )
