"""Kling 2.1 Master, picture to video.

The defaults and limits are the platform's own rules. KIE's page promises no default for
negative_prompt, so all five keys are always sent. Since June 2026 it lists jpeg and png alone.

Source: https://docs.kie.ai/market/kling/v2-1-master-image-to-video
"""

from datetime import date
from decimal import Decimal

from generations.catalog.kinds import Choice, SteppedNumber, Text, Url
from generations.catalog.messages import Words
from generations.catalog.spec import FirstPrice, ModelSpec

SPEC = ModelSpec(
    id="kling/v2-1-master-image-to-video",
    title="Kling 2.1 Master (image to video)",
    kind="i2v",
    fields=(
        Text(
            name="prompt",
            required=True,
            max_length=5000,
            warn_over=2500,  # the limit of Kling's own interface, behind KIE's
            hint=Words(
                "Введите текстовое описание для генерации видео.",
                "Enter a text that describes the video.",
            ),
        ),
        Url(
            name="image_url",
            required=True,
            warn_suffixes=(".webp",),
            listed="JPEG, PNG",
            hint=Words(
                "Укажите URL изображения для генерации видео.",
                "Enter the URL of the picture to make the video from.",
            ),
        ),
        Choice(
            name="duration",
            choices=("5", "10"),
            default="5",
            hint=Words(
                "Укажите длительность видео в секундах: 5 или 10.",
                "Give the video's length in seconds: 5 or 10.",
            ),
        ),
        Text(
            name="negative_prompt",
            max_length=500,
            default="blur, distort, and low quality",
            hint=Words(
                "Опишите словами, чего в видео быть не должно.",
                "Say in words what the video must not show.",
            ),
        ),
        SteppedNumber(
            name="cfg_scale", minimum=Decimal(0), maximum=Decimal(1), places=1, default=0.5
        ),
    ),
    docs_url="https://docs.kie.ai/market/kling/v2-1-master-image-to-video",
    docs_read_on=date(2026, 10, 1),
    price_keys=("duration",),
    prices=(
        FirstPrice({"duration": "5"}, Decimal(160)),
        FirstPrice({"duration": "10"}, Decimal(320)),
    ),
    usd_per_credit=Decimal("0.005"),
)
