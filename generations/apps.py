"""The app's place in Django."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GenerationsConfig(AppConfig):
    name = "generations"
    verbose_name = _("Generations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("generations.checks")
