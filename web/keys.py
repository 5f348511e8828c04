"""What every handler finds in the application."""

from aiohttp import web

from core.engine.hub import Hub
from core.services.sign_in import SignIn
from web.context import Settings

HUB = web.AppKey("HUB", Hub)
SETTINGS = web.AppKey("SETTINGS", Settings)
SIGN_IN = web.AppKey("SIGN_IN", SignIn)
