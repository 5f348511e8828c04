"""What people ask of the hub: one function for each thing that a page, the API or the command offers."""
