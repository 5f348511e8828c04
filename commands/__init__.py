"""Commands that need more than a few lines; cli.py gives them their words and shows what they return."""
