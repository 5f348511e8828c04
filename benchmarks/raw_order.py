"""A Shopify order as pydantic reads it: every field that ``mappings/shopify/order.yaml`` reads, under the vendor's names."""

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class _Raw(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _Amount(_Raw):
    amount: Decimal
    currency_code: str | None = None


class _Prices(_Raw):
    shop_money: _Amount


class _BothPrices(_Prices):
    presentment_money: _Amount


class _Presentment(_Raw):
    presentment_money: _Amount


class _Cash(_Raw):
    payment_set: _Prices


class _Tax(_Raw):
    price_set: _Prices


class _OrderTax(_Tax):
    channel_liable: bool


class _Customer(_Raw):
    display_name: str
    number_of_orders: int


class _Address(_Raw):
    name: str
    company: str | None
    address1: str
    address2: str | None
    city: str
    zip: str
    province_code: str
    country_code_v2: str
    phone: str | None


class _ShippingLine(_Raw):
    title: str
    original_price_set: _Prices
    discounted_price_set: _Prices
    current_discounted_price_set: _Prices


class _ShippingLines(_Raw):
    nodes: list[_ShippingLine]


class _Assessment(_Raw):
    risk_level: str


class _Risk(_Raw):
    assessments: list[_Assessment]


class _Named(_Raw):
    id: str


class _Transaction(_Raw):
    id: str
    kind: str
    status: str
    gateway: str
    test: bool
    receipt_json: str | None
    authorization_expires_at: datetime | None
    parent_transaction: _Named | None
    amount_set: _Presentment


class _Variant(_Raw):
    sku: str


class _Discount(_Raw):
    allocated_amount_set: _Prices


class _Line(_Raw):
    id: str
    title: str
    sku: str | None
    variant: _Variant | None
    product: _Named | None
    quantity: int
    current_quantity: int
    unfulfilled_quantity: int
    requires_shipping: bool
    original_unit_price_set: _Prices
    discount_allocations: list[_Discount]
    tax_lines: list[_Tax]


class _Lines(_Raw):
    nodes: list[_Line]


class _Place(_Raw):
    legacy_resource_id: str


class _Assigned(_Raw):
    location: _Place


class _Method(_Raw):
    method_type: str


class _Holder(_Raw):
    title: str


class _Hold(_Raw):
    display_reason: str
    held_by_app: _Holder | None


class _WorkLine(_Raw):
    id: str
    remaining_quantity: int
    line_item: _Named


class _WorkLines(_Raw):
    nodes: list[_WorkLine]


class _Work(_Raw):
    id: str
    status: str
    fulfill_at: datetime
    delivery_method: _Method
    assigned_location: _Assigned
    fulfillment_holds: list[_Hold]
    line_items: _WorkLines


class _AllWork(_Raw):
    nodes: list[_Work]


class _Tracking(_Raw):
    company: str | None
    number: str | None


class _SentLine(_Raw):
    quantity: int
    line_item: _Named


class _SentLines(_Raw):
    nodes: list[_SentLine]


class _Fulfillment(_Raw):
    status: str
    tracking_info: list[_Tracking]
    fulfillment_line_items: _SentLines


class _ReturnedLine(_SentLine):
    subtotal_set: _Prices
    total_tax_set: _Prices


class _ReturnedLines(_Raw):
    nodes: list[_ReturnedLine]


class _Refund(_Raw):
    refund_line_items: _ReturnedLines


class RawOrder(_Raw):
    """The order, and nothing made of it."""

    legacy_resource_id: str
    name: str
    test: bool
    processed_at: datetime
    updated_at: datetime
    cancelled_at: datetime | None
    display_fulfillment_status: str
    requires_shipping: bool
    currency_code: str
    taxes_included: bool
    email: str
    current_total_price_set: _BothPrices
    current_total_tax_set: _Prices
    current_total_duties_set: _Prices
    total_tip_received_set: _Prices
    total_cash_rounding_adjustment: _Cash
    current_tax_lines: list[_OrderTax]
    customer: _Customer
    shipping_address: _Address
    shipping_lines: _ShippingLines
    risk: _Risk
    transactions: list[_Transaction]
    line_items: _Lines
    fulfillment_orders: _AllWork
    fulfillments: list[_Fulfillment]
    refunds: list[_Refund]
