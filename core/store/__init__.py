"""Tables, the unit and its commit, the inbox, the vault and the sealed columns."""
