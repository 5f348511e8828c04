"""What the hub's promises cost, measured: every figure is a ratio of two things done in turns in one run."""
