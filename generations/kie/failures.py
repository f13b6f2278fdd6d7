"""What a failed task's own words mean: moderation repeats itself, so trying again is no use.

Source: https://docs.kie.ai/market/common/get-task-detail (read 2026-01) for the first two words;
the others are texts that several public clients of KIE have met.
"""

_MODERATION = (
    "prohibited",
    "content_policy",
    "content policy",
    "copyright",
    "intellectual property",
    "public figure",
    "celebrity",
    "sensitive",
    "moderation",
    "nsfw",
)


def is_moderation(message: str) -> bool:
    """Tell whether a failure's text says that the content was not allowed."""
    folded = message.casefold()
    return any(words in folded for words in _MODERATION)
