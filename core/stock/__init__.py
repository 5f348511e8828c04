"""Units: where they are, what is promised, and what each listing is to show."""
