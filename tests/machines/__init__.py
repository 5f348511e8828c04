"""The store and the engine beside small models of what they should do, driven by whatever hypothesis thinks of."""
