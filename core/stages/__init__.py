"""The six stages: each says what it asks of whom, and what it makes true. Thin; when they are due is core/flow's."""
