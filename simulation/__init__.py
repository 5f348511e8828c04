"""The simulation rig: core and bogus vendors in one process, on a clock that is moved by hand, with faults and deaths.

Nothing here waits: the clock jumps to whatever is due next, and of several things due at once the seed chooses. The
same seed gives the same run, step by step. A worker that dies leaves its claims behind; another takes over once they
run out.
"""
