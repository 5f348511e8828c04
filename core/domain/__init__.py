"""What is decided about an order, its money, stock and parcels: pure functions of values."""
