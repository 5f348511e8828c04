"""Whether the merchant's tool takes the headers."""

from connectors.hooks.client import Tool

LIMIT_S = 10.0


async def probe(tool: Tool, path: str) -> str:
    """Read the path that crossdock.yaml names for it; say at whom."""
    await tool.ask("GET", path, limit_s=LIMIT_S)
    return f"a caller of {tool.host}"
