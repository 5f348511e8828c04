"""What ``with:`` of an Amazon connection may say."""

from typing import Literal, Self

from pydantic import Field, model_validator

from connectors.amazon.marketplaces import MARKETPLACES
from core.model.base import Shape

ORDER_CHANGE = "ORDER_CHANGE"
"""What is subscribed to."""


class AmazonSettings(Shape):
    """The ``with:`` of an Amazon connection; unknown keys are refused."""

    region: Literal["na", "eu", "fe"] = "na"
    """Which of Amazon's three regions: North America, Europe with India, the Far East."""
    marketplaces: tuple[str, ...] = Field(min_length=1)
    """Marketplace ids. Orders come from all of them; listings are read and written on the first."""
    seller: str | None = None
    """The selling partner id; where it is not given, the one that consented."""
    draft: bool = False
    """The app is still a draft at Amazon: its consent page needs ``version=beta``."""
    feed_threshold: int = Field(default=200, ge=1)
    """More levels than this in one push go as one feed instead of one patch per SKU."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        for marketplace in self.marketplaces:
            known = MARKETPLACES.get(marketplace)
            if known is None:
                raise ValueError(f"{marketplace!r} is no Amazon marketplace id")
            if known.region != self.region:
                raise ValueError(
                    f"{marketplace} ({known.country}) is in region {known.region}, not {self.region}"
                )
        return self
