"""Tests of rules as they are run: moments one after another, each with what comes and what is expected."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.config.problems import Position
from core.model.triggers import Subject, Trigger


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a step fails in a test."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Expected:
    """An action that is to be done; of what it says only what is named is compared."""

    action: str
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What comes at one moment of a test, and what is expected of it."""

    after: timedelta = timedelta(0)
    """Since the moment before."""
    trigger: Trigger | None = None
    """What is told; None: only time has passed, or the hour of a rule has come."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Any part of the values, by name."""
    fail: Mapping[str, Failure] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    expect: tuple[Expected, ...]
    rules: tuple[str, ...] | None = None
    """The ids of the rules that start; None: whichever."""
    at: Position
    """Where the file says what is expected."""
    rules_at: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTest:
    """One test of a file."""

    name: str
    subject: Subject
    schedule: str | None = None
    """The rule whose hour has come."""
    of: frozenset[str] | None = None
    """The only rules that are tried; None: all of the file."""
    now: datetime
    moments: tuple[Moment, ...]
