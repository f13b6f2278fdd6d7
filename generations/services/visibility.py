"""Which generations a person may see: own ones, or everybody's."""

from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import QuerySet

from generations.models import Generation
from generations.services.errors import NotFound

# What a generation is shown with: one query, whatever it refers to.
_SHOWN_WITH = ("created_by", "image", "preset_version__preset", "project", "price", "video")


def sees_all(user: User) -> bool:
    """Tell whether a person sees everybody's work."""
    return user.has_perm("generations.view_all_generations")


def generations(user: User) -> QuerySet[Generation]:
    """Answer every generation that a person may see, with what it is shown with."""
    shown = Generation.objects.select_related(*_SHOWN_WITH).prefetch_related("tags")
    return shown if sees_all(user) else shown.filter(created_by=user)


def generation(user: User, generation_id: UUID) -> Generation:
    """Answer a generation. Raises NotFound when it is missing or not the person's to see."""
    found = generations(user).filter(pk=generation_id).first()
    if found is None:
        raise NotFound
    return found
