"""Tables, the commit of an order, the inbox, the vault and the sealed columns."""
