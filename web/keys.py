"""What every handler finds in the application."""

from aiohttp import web

from core.engine.hub import Hub
from core.services.sign_in import SignIn
from web.context import Settings
from web.door.bodies import LargeBodies

HUB = web.AppKey("HUB", Hub)
SETTINGS = web.AppKey("SETTINGS", Settings)
BODIES = web.AppKey("BODIES", LargeBodies)
SIGN_IN = web.AppKey("SIGN_IN", SignIn)
