"""Whether the mail server takes user and password."""

from connectors.email.client import SmtpServer


async def probe(server: SmtpServer) -> str:
    """Sign in, send nothing, and leave; say at which server."""
    await server.noop()
    return f"a sender at {server.name}"
