"""One HTTP call to an address that a merchant wrote, so that it reaches nothing but what everybody reaches.

A merchant writes addresses; the hub stands inside somebody's network. Whoever could have it call any address would see
what only that network may: the operator's own tools, the metadata of his cloud, the hub's database.

Nothing is imported here: who only reads what is allowed (``addresses``, ``headers``) does not load what calls.
"""
