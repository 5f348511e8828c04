"""The chaos run: real processes on a PostgreSQL of their own, killed, stopped and cut off at random, then quiet."""
