"""Whether an order is paid, on whose word, and what is still to be taken or given back."""
