"""Runs a GraphQL request against the shop: parse, validate, pay, execute."""

from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)

from sandbox.shopify import cost
from sandbox.shopify.graph import access, mutations, queries
from sandbox.shopify.state import Shop
from sandbox.values import Json

SCHEMA = Path(__file__).parent.parent / "schema.graphql"


@cache
def schema() -> GraphQLSchema:
    """The supported part of the Admin API."""
    return build_schema(SCHEMA.read_text(encoding="utf-8"))


def run(shop: Shop, request: Json, scopes: frozenset[str]) -> Json:
    """The body of the answer; HTTP is 200 whatever it says."""
    try:
        document = _document(str(request.get("query") or ""))
    except GraphQLError as broken:
        return {"errors": [broken.formatted]}
    wrong = _mistakes(str(request.get("query") or ""))
    if wrong:
        return {"errors": list(wrong)}
    operation = get_operation_ast(document, request.get("operationName"))
    if operation is None:
        return {"errors": [{"message": "An operation name is required"}]}
    variables = request.get("variables") or {}
    return _paid(shop, document, operation, variables=variables, scopes=scopes)


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
    shop: Shop,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    *,
    variables: dict[str, Any],
    scopes: frozenset[str],
) -> Json:
    requested = cost.requested(document, operation, variables)
    if requested > cost.MOST:
        message = f"Query cost is {requested}, which exceeds the single query max cost limit ({cost.MOST})."
        extensions = {"code": "MAX_COST_EXCEEDED", "cost": requested, "maxCost": cost.MOST}
        return {"errors": [{"message": message, "extensions": extensions}]}
    if not shop.bucket.take(requested):
        return throttled(shop, requested)
    result = _executed(shop, document, operation, variables=variables, scopes=scopes)
    actual = min(requested, cost.actual(document, operation, variables, result.data))
    shop.bucket.give(requested - actual)
    answer: Json = {"data": result.data}
    if result.errors:
        answer["errors"] = [_shown(error) for error in result.errors]
    return {**answer, "extensions": {"cost": shop.bucket.report(requested, actual)}}


def _executed(
    shop: Shop,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    *,
    variables: dict[str, Any],
    scopes: frozenset[str],
) -> ExecutionResult:
    reads = operation.operation is OperationType.QUERY
    root = queries.roots(shop, scopes) if reads else mutations.roots(shop)
    guarded = {name: _guarded(name, resolve, scopes) for name, resolve in root.items()}
    name = operation.name.value if operation.name else None
    with shop.acting("hub"):
        return execute_sync(schema(), document, guarded, variable_values=variables, operation_name=name)


def _guarded(name: str, resolve: Any, scopes: frozenset[str]) -> Any:
    def checked(info: GraphQLResolveInfo[Any], **args: object) -> Any:
        access.check(name, scopes)
        return resolve(info, **args)

    return checked


@cache
def _document(text: str) -> DocumentNode:
    return parse(text)


@cache
def _mistakes(text: str) -> tuple[Json, ...]:
    return tuple(dict(error.formatted) for error in validate(schema(), _document(text)))


def _shown(error: GraphQLError) -> Json:
    """An error as it travels; a fault of the stand-in itself is not hidden from its reader."""
    if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
        raise error.original_error
    return dict(error.formatted)
