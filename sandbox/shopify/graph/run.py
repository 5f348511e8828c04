"""Runs a GraphQL request against the shop: parse, refuse what is not offered, validate, pay, execute."""

from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from graphql import (
    ASTValidationRule,
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    execute_sync,
    get_operation_ast,
    get_variable_values,
    parse,
    specified_rules,
    validate,
)

from sandbox.shopify import cost
from sandbox.shopify.graph import access, mutations, offered, queries
from sandbox.shopify.graph.asking import Asking
from sandbox.shopify.graph.given import Given, IgnoredError
from sandbox.shopify.graph.listed import LISTED
from sandbox.shopify.state import Shop
from sandbox.values import Json

SCHEMA: Final = Path(__file__).parent.parent / "schema.graphql"
KEPT: Final = 512
"""How many documents are kept parsed: clients send the same few."""


@cache
def schema() -> GraphQLSchema:
    """The supported part of the Admin API."""
    built = build_schema(SCHEMA.read_text(encoding="utf-8"))
    scalar = built.type_map["URL"]
    assert isinstance(scalar, GraphQLScalarType)  # noqa: S101  the file says so
    setattr(scalar, "parse_value", _address)  # noqa: B010  a scalar's reading of a value, which SDL cannot tell
    return built


def _address(given: object) -> str:
    """A URL as the vendor takes it: with a scheme and a host."""
    try:
        parts = urlsplit(str(given))
    except ValueError:
        parts = urlsplit("")
    if not parts.scheme or not parts.hostname:
        raise GraphQLError(f"Invalid url '{given}', missing scheme or host")
    return str(given)


def run(shop: Shop, request: Json, scopes: frozenset[str]) -> Json:
    """The body of the answer; HTTP is 200 whatever it says."""
    text, name, given = request.get("query"), request.get("operationName"), request.get("variables")
    if not isinstance(text, str) or not isinstance(given, dict | None) or not isinstance(name, str | None):
        return _errors(GraphQLError("query and operationName are texts, variables is an object"))
    try:
        document = _document(text)
    except (GraphQLError, RecursionError) as broken:
        return _errors(
            broken if isinstance(broken, GraphQLError) else GraphQLError("The query is nested too deeply")
        )
    wrong = _mistakes(text)
    if wrong:
        return {"errors": list(wrong)}
    operation = get_operation_ast(document, name)
    if operation is None:
        return _errors(GraphQLError("An operation name is required"))
    refused = offered.in_variables(schema(), operation, given or {})
    if refused:
        return _errors(*refused)
    variables = get_variable_values(schema(), operation.variable_definitions or (), given or {})
    if isinstance(variables, list):
        return {
            "errors": [{**error.formatted, "extensions": {"code": "INVALID_VARIABLE"}} for error in variables]
        }
    return _paid(Asking(shop, scopes), document, operation, given=given or {}, coerced=variables.coerced)


def throttled(shop: Shop, requested: int) -> Json:
    """What an empty bucket answers."""
    error = {
        "message": "Throttled",
        "extensions": {
            "code": "THROTTLED",
            "documentation": "https://shopify.dev/api/usage/rate-limits",
        },
    }
    return {"errors": [error], "extensions": {"cost": shop.bucket.report(requested, None)}}


def _paid(
    asking: Asking,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    *,
    given: Mapping[str, Any],
    coerced: Mapping[str, Any],
) -> Json:
    bucket = asking.shop.bucket
    requested = cost.requested(document, operation, coerced)
    if requested > cost.MOST:
        message = f"Query cost is {requested}, which exceeds the single query max cost limit ({cost.MOST})."
        extensions = {"code": "MAX_COST_EXCEEDED", "cost": requested, "maxCost": cost.MOST}
        return {"errors": [{"message": message, "extensions": extensions}]}
    if not bucket.take(requested):
        asking.shop.env.throttled["shopify"] += 1
        return throttled(asking.shop, requested)
    result = _executed(asking, document, operation, given)
    actual = min(requested, cost.actual(document, operation, coerced, result.data))
    bucket.give(requested - actual)
    answer: Json = {"data": result.data}
    if result.errors:
        answer["errors"] = [_shown(error) for error in result.errors]
    told = {"search": asking.search} if asking.search else {}
    return {**answer, "extensions": {"cost": bucket.report(requested, actual), **told}}


def _executed(
    asking: Asking, document: DocumentNode, operation: OperationDefinitionNode, given: Mapping[str, Any]
) -> ExecutionResult:
    reads = operation.operation is OperationType.QUERY
    root = queries.roots(asking.shop) if reads else mutations.roots(asking.shop)
    with asking.shop.acting("hub"):
        return execute_sync(
            schema(), document, root, context_value=asking, variable_values=dict(given),
            operation_name=operation.name.value if operation.name else None, field_resolver=_resolve,
        )  # fmt: skip


def _resolve(source: Any, info: GraphQLResolveInfo[Any], **args: Any) -> Any:
    """One field, if the token may read it; a resolver that does not look at an argument does not get away with it."""
    access.check(info, info.context.scopes)
    value = source.get(info.field_name)
    if not callable(value):
        if args:
            raise IgnoredError(f"{info.parent_type.name}.{info.field_name}: {', '.join(args)}")
        return value
    given = Given(args)
    answer = value(info, given)
    name = f"{info.parent_type.name}.{info.field_name}"
    ignored = [one for one in given.ignored() if one not in LISTED.get(name, ())]
    if ignored and not (isinstance(answer, dict) and answer.get(mutations.REFUSED)):
        raise IgnoredError(f"{name}: {', '.join(ignored)}")
    return answer


@lru_cache(KEPT)
def _document(text: str) -> DocumentNode:
    return parse(text)


@lru_cache(KEPT)
def _mistakes(text: str) -> tuple[Json, ...]:
    """What is wrong with a document; where the vendor would take it, that and nothing else."""
    rules: list[type[ASTValidationRule]] = [offered.NotOffered, *specified_rules]
    found = validate(schema(), _document(text), rules, hide_suggestions=True)
    ours = [error for error in found if (error.extensions or {}).get("code") == offered.CODE]
    return tuple(dict(error.formatted) for error in ours or found)


def _errors(*errors: GraphQLError) -> Json:
    return {"errors": [dict(error.formatted) for error in errors]}


def _shown(error: GraphQLError) -> Json:
    """An error as it travels; a fault of the stand-in itself is not hidden from its reader."""
    if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
        raise error.original_error
    return dict(error.formatted)
