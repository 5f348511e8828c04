"""Plain pages for people: they work without scripts."""
