"""How an order and a job are run: claims, steps, effects, retries, pauses, wake-ups."""
