"""The admin: the edge through which people work. One file a model or page.

Each page translates what came in, makes one call of a service, and shows what came out.
"""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from generations.admin import (
    budgets,
    generations,
    incidents,
    lane,
    ledger,
    people,
    presets,
    prices,
    projects,
    reconciliation,
    tokens,
)

__all__ = [
    "budgets",
    "generations",
    "incidents",
    "lane",
    "ledger",
    "people",
    "presets",
    "prices",
    "projects",
    "reconciliation",
    "tokens",
]

# Other apps' pages are bookkeeping of theirs and would show or change what only services may.
_SHOWN_APPS = frozenset({"auth", "generations"})

admin.site.index_title = _("Home")
admin.site.disable_action("delete_selected")
for _model in list(admin.site._registry):
    if _model._meta.app_label not in _SHOWN_APPS:
        admin.site.unregister(_model)
