"""Where a parcel leaves from, in which box, on which day, and with which carrier: pure functions of values."""
