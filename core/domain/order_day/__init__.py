"""An order as a day of the format day/1: what its stored facts say, made values in place of everything personal. Pure."""
