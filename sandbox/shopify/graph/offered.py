"""What of the vendor's schema is not offered here: it is refused by name, before anything is done (R110).

`schema.graphql` is what is offered. `not_offered.txt` names what the vendor's own schema has on the same types besides:
fields, arguments, fields of inputs and values of enums, a line each type. A test holds the two to the vendor's schema, so
that what is in neither does not exist at the vendor either.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from graphql import (
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    InlineFragmentNode,
    Node,
    ObjectFieldNode,
    OperationDefinitionNode,
    ValidationContext,
    ValidationRule,
    get_named_type,
    type_from_ast,
)

FILE: Final = Path(__file__).parent.parent / "not_offered.txt"
CODE: Final = "NOT_OFFERED_HERE"
KINDS: Final = "Node *"
"""The line that names the vendor's kinds of nodes which are not offered."""
ONCE: Final = frozenset({"refundCreate", "inventorySetQuantities", "inventoryActivate"})
"""The mutations that must carry @idempotent since 2026-04; no other takes it."""


@cache
def missing() -> Mapping[str, frozenset[str]]:
    """The vendor's names that are not offered, by type (`Order`) or by field (`Order.lineItems`)."""
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    entries = [entry.partition(":") for entry in "\n".join(lines).replace("\n ", " ").splitlines()]
    return {name: frozenset(rest.split()) for name, _, rest in entries}


def not_offered(what: str, *nodes: Node) -> GraphQLError:
    """What asks for a part of the vendor's that is not played."""
    message = f"{what} is not offered here: Shopify has it, this stand-in does not play it."
    return GraphQLError(message, list(nodes) or None, extensions={"code": CODE})


class NotOffered(ValidationRule):
    """Refuses, in a document, each name that the vendor has and we do not."""

    context: ValidationContext

    def enter_field(self, node: FieldNode, *_path: object) -> None:
        """Fields, their arguments, and the directive against doubles where no mutation takes it."""
        parent = self.context.get_parent_type()
        if parent is None:
            return
        name = f"{parent.name}.{node.name.value}"
        if node.name.value in missing().get(parent.name, ()):
            self.report_error(not_offered(name, node))
        for argument in node.arguments or ():
            if argument.name.value in missing().get(name, ()):
                self.report_error(not_offered(f"{name}({argument.name.value}:)", argument))
        keyed = any(mark.name.value == "idempotent" for mark in node.directives or ())
        if keyed and not (parent.name == "Mutation" and node.name.value in ONCE):
            message = f"The @idempotent directive is not supported by {node.name.value}."
            self.report_error(GraphQLError(message, node, extensions={"code": "BAD_REQUEST"}))

    def enter_object_field(self, node: ObjectFieldNode, *_path: object) -> None:
        """Fields of inputs."""
        kind = get_named_type(self.context.get_parent_input_type())
        if kind is not None and node.name.value in missing().get(kind.name, ()):
            self.report_error(not_offered(f"{kind.name}.{node.name.value}", node))

    def enter_enum_value(self, node: EnumValueNode, *_path: object) -> None:
        """Values of enums."""
        kind = get_named_type(self.context.get_input_type())
        if kind is not None and node.value in missing().get(kind.name, ()):
            self.report_error(not_offered(f"{kind.name}.{node.value}", node))

    def enter_inline_fragment(self, node: InlineFragmentNode, *_path: object) -> None:
        """Kinds of nodes, as `... on Product`."""
        self._kind(node.type_condition.name.value if node.type_condition else "", node)

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_path: object) -> None:
        """Kinds of nodes, as `fragment Part on Product`."""
        self._kind(node.type_condition.name.value, node)

    def _kind(self, kind: str, node: Node) -> None:
        if kind in missing().get(KINDS, ()):
            self.report_error(not_offered(kind, node))


def in_variables(
    schema: Any, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> list[GraphQLError]:
    """The refusals for what stands in variables instead of the document."""
    return [
        not_offered(name, one)
        for one in operation.variable_definitions or ()
        for name in _named(
            get_named_type(type_from_ast(schema, one.type)), variables.get(one.variable.name.value)
        )
    ]


def _named(kind: object, value: object) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(kind, GraphQLEnumType) and isinstance(one, str):
            if one in missing().get(kind.name, ()):
                yield f"{kind.name}.{one}"
        elif isinstance(kind, GraphQLInputObjectType) and isinstance(one, dict):
            for name, inner in one.items():
                if name in missing().get(kind.name, ()):
                    yield f"{kind.name}.{name}"
                elif name in kind.fields:
                    yield from _named(get_named_type(kind.fields[name].type), inner)
