"""What a SKU is, weighs and measures."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A SKU of ours; None where nobody has said it yet. ``size_mm`` is length, width, height."""

    sku: str
    title: str
    weight_g: int | None = None
    size_mm: tuple[int, int, int] | None = None
    hs: str | None = None
    origin: str | None = None
    barcode: str | None = None
