"""The door: limits, time-outs and refusals that stand before every handler."""
