"""The way of one order: what its facts add up to, what is due next, and doing it."""
