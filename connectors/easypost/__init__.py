"""EasyPost: every carrier's rate for a parcel, the label bought once, its file, and where the parcel is."""

from collections.abc import Mapping
from functools import partial

from pydantic import BaseModel

from connectors.easypost.settings import TOPICS, EasyPostSettings
from core.ports import Connection, Connector, Fence, Mode, Operation, Ports


def mode_of(settings: BaseModel, _endpoints: Mapping[str, str]) -> Mode | None:
    """Return whether an account is tried out, by its key."""
    return EasyPostSettings.model_validate(settings).mode


def build(connection: Connection) -> Ports:
    """Return what an EasyPost connection can do."""
    # The SDK takes a quarter of a second and 31 MB to import: only an installation that uses EasyPost pays for it.
    from connectors.easypost.carrier import EasyPostCarrier  # noqa: PLC0415
    from connectors.easypost.client import EasyPostApi  # noqa: PLC0415
    from connectors.easypost.probe import probe  # noqa: PLC0415
    from connectors.easypost.webhooks import EasyPostWebhooks  # noqa: PLC0415

    settings = EasyPostSettings.model_validate(connection.settings)
    api = EasyPostApi(
        connection.name, settings.key, base=connection.endpoints.get("api"), threads=settings.threads
    )
    carrier = EasyPostCarrier(connection.name, api, customs_signer=settings.customs_signer)
    secrets = settings.webhook_secrets
    return Ports(
        mode=settings.mode,
        carrier=carrier,
        label_files=carrier,
        webhooks=EasyPostWebhooks(connection.name, secrets) if secrets else None,
        probe=partial(probe, api, settings),
        close=api.close,
    )


CONNECTOR = Connector(
    key="easypost",
    title="EasyPost",
    settings=EasyPostSettings,
    build=build,
    operations={
        # Two calls: the purchase, then the file in the format that is wanted.
        "buy": Operation(fence=Fence.OBJECT, call_limit_s=20.0),
        "void": Operation(fence=Fence.OBJECT, call_limit_s=20.0),
    },
    signs_in_with=("key",),
    topics=TOPICS,
    api_version="v2",
    offers=frozenset({"carrier", "label_files"}),
    mode_of=mode_of,
)
