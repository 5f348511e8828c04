"""The web process: webhooks, authorization round trips, the API, plain pages. Imports core, never a connector."""
