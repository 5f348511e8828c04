"""The format day/1, once: what may stand in a day, where a mistake stands, and a day as a value."""
