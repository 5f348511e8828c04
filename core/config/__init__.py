"""What the merchant and the installation say: crossdock.yaml, the installation's apps, the environment."""

from core.config.loader import load

__all__ = ["load"]
