"""The canonical model: the words that core and connectors share.

Money is whole minor units, weight is grams, length is millimetres, instants are aware UTC. Connectors convert at
their edge; nothing else converts. Every shape is frozen and refuses unknown keys.
"""
