"""What each key means, for people who write it: the docstring that stands under the field of a keys model."""

import ast
import inspect
from itertools import pairwise
from textwrap import dedent

from pydantic import BaseModel


def words_of(model: type[BaseModel]) -> dict[str, str]:
    """Return the words about each key of a model, by the name that the file writes."""
    by_field: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if issubclass(kind, BaseModel) and kind is not BaseModel:
            by_field |= _docstrings(kind)
    fields = model.model_fields
    return {fields[name].alias or name: words for name, words in by_field.items() if name in fields}


def _docstrings(kind: type[BaseModel]) -> dict[str, str]:
    try:
        source = inspect.getsource(kind)
    except OSError:  # made at run time: its fields carry their words
        return {}
    (made,) = ast.parse(dedent(source)).body
    body = made.body if isinstance(made, ast.ClassDef) else []
    return {
        field.target.id: inspect.cleandoc(below.value.value)
        for field, below in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }
