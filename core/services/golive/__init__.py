"""Go-live: what the hub would change, in writing; what a person accepted of it, and how that is taken back."""
