"""What a person may see, as pages ask for it: a generation or a picture, or else a 404."""

from uuid import UUID

from django.contrib.auth.models import User
from django.http import Http404
from django.urls import reverse

from generations.models import Generation, SourceImage
from generations.services import visibility
from generations.services.errors import NotFound


def generation_or_404(user: User, pk: UUID) -> Generation:
    """Answer the generation. Raises Http404 when it is missing or not the user's to see."""
    try:
        return visibility.generation(user, pk)
    except NotFound:
        raise Http404 from None


def image_of(user: User, text: str) -> SourceImage | None:
    """Answer the picture with this id, or None when there is none that the user may see."""
    try:
        images = SourceImage.objects.filter(pk=UUID(text))
    except ValueError:
        return None
    return (images if visibility.sees_all(user) else images.filter(owner=user)).first()


def image_or_404(user: User, pk: UUID) -> SourceImage:
    """Answer the picture. Raises Http404 when it is missing or not the user's to see."""
    found = image_of(user, str(pk))
    if found is None:
        raise Http404
    return found


def address_of(generation: Generation) -> str:
    """Answer the address of the generation's page."""
    return address_of_id(generation.pk)


def address_of_id(pk: UUID) -> str:
    """Answer the address of the page of the generation with this id."""
    return reverse("admin:generations_generation_change", args=[pk])
