"""A scope as cel-cpp's type checker takes it: messages of a descriptor pool in memory.

Numbers with decimals and money are ``google.protobuf.Value``, which is compared with whole numbers as well. What may
be null is one of the wrappers.
"""

from typing import Any

from cel_expr_python import cel
from google.protobuf import duration_pb2, struct_pb2, timestamp_pb2, wrappers_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool

from core.expressions.kinds import Basic, Kind, ListOf, MapOf, Nullable, Shape, bare
from core.expressions.scope import Scope

_KNOWN = (wrappers_pb2, struct_pb2, timestamp_pb2, duration_pb2)
_PACKAGE = "crossdock"
_VALUE = "google.protobuf.Value"
_SCALARS = {Basic.TEXT: "string", Basic.WHOLE: "int", Basic.TRUTH: "bool"}
_PROTO = {
    "string": FieldDescriptorProto.TYPE_STRING,
    "int": FieldDescriptorProto.TYPE_INT64,
    "bool": FieldDescriptorProto.TYPE_BOOL,
}
_MESSAGES = {Basic.TIME: "google.protobuf.Timestamp", Basic.SPAN: "google.protobuf.Duration"}
_WRAPPERS = {
    Basic.TEXT: "google.protobuf.StringValue",
    Basic.WHOLE: "google.protobuf.Int64Value",
    Basic.TRUTH: "google.protobuf.BoolValue",
}


def typed(scope: Scope) -> tuple[Any, dict[str, Any]]:
    """Return a pool with the messages of a scope, and its variables with their types."""
    maker = _Maker()
    variables = {name: maker.variable(kind) for name, kind in scope.variables.items()}
    pool = DescriptorPool()
    for known in _KNOWN:
        pool.AddSerializedFile(known.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(maker.file.SerializeToString())
    return pool, variables


class _Maker:
    def __init__(self) -> None:
        self.file = FileDescriptorProto(name="crossdock.proto", package=_PACKAGE, syntax="proto3")
        self.file.dependency.extend(known.DESCRIPTOR.name for known in _KNOWN)
        self._names: dict[Shape, str] = {}

    def variable(self, kind: Kind) -> Any:
        """Return a kind as the type of a variable."""
        match kind:
            case ListOf(of=of):
                return cel.Type.List(self.variable(of))
            case MapOf(of=of):
                return cel.Type.Map(cel.Type.STRING, self.variable(of))
            case _:
                name = self._single(kind)
                return cel.Type.DYN if name == _VALUE else cel.Type(name)

    def _single(self, kind: Kind) -> str:
        """Return the name of the type of what is neither list nor map."""
        match kind:
            case Nullable(of=of) if of in _WRAPPERS:
                return _WRAPPERS[of]
            case Nullable(of=of) if not isinstance(of, ListOf | MapOf):
                return self._single(of)  # whatever is a message may be null
            case Basic() if kind in _SCALARS:
                return _SCALARS[kind]
            case Basic() if kind in _MESSAGES:
                return _MESSAGES[kind]
            case Shape():
                return f"{_PACKAGE}.{self._message(kind)}"
            case _:
                return _VALUE

    def _message(self, shape: Shape) -> str:
        if shape in self._names:
            return self._names[shape]
        name = self._names[shape] = f"{shape.name or 'Values'}{len(self._names)}"
        message = DescriptorProto(name=name)
        for number, (field, kind) in enumerate(shape.fields.items(), start=1):
            self._add(message, field, number=number, kind=kind)
        self.file.message_type.append(message)
        return name

    def _add(self, message: DescriptorProto, field: str, *, number: int, kind: Kind) -> None:
        made = message.field.add(name=field, json_name=field, number=number)
        made.label = FieldDescriptorProto.LABEL_OPTIONAL
        match kind:
            case ListOf(of=of) if not isinstance(bare(of), ListOf | MapOf):
                made.label = FieldDescriptorProto.LABEL_REPEATED
                self._set(made, self._single(of))
            case MapOf(of=of) if not isinstance(bare(of), ListOf | MapOf):
                entry = message.nested_type.add(name=f"{''.join(map(str.title, field.split('_')))}Entry")
                entry.options.map_entry = True
                for part, inside in ((1, Basic.TEXT), (2, of)):
                    one = entry.field.add(name="key" if part == 1 else "value", number=part)
                    one.label = FieldDescriptorProto.LABEL_OPTIONAL
                    self._set(one, self._single(inside))
                made.label = FieldDescriptorProto.LABEL_REPEATED
                self._set(made, f"{_PACKAGE}.{message.name}.{entry.name}")
            case _:
                self._set(made, self._single(kind))

    def _set(self, field: FieldDescriptorProto, name: str) -> None:
        if name in _PROTO:
            field.type = _PROTO[name]
        else:
            field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".{name}"
