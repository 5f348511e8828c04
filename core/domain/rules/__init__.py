"""Rules of crossdock.yaml: what starts them, what they look at, and which step of theirs is due. Pure."""
