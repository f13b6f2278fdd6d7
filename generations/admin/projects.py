"""Projects: what work and spending are filed under. Archived rather than deleted."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldBooleanSwitchWidget

from generations.admin.bases import PlatformAdmin
from generations.models import Project


class ProjectForm(forms.ModelForm):
    is_archived = forms.BooleanField(
        label=gettext_lazy("Archived"),
        required=False,
        help_text=gettext_lazy("An archived project keeps its past and takes nothing new."),
        widget=UnfoldBooleanSwitchWidget(),
    )

    class Meta:
        model = Project
        fields = ("name", "slug")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["is_archived"].initial = self.instance.archived_at is not None


@admin.register(Project)
class ProjectAdmin(PlatformAdmin):
    form = ProjectForm
    fields = ("name", "slug", "is_archived")
    list_display = ("name", "slug", "state")
    search_fields = ("name__istartswith", "slug__exact")
    search_help_text = gettext_lazy("Beginning of the name")
    prepopulated_fields = {"slug": ("name",)}
    add_text = gettext_lazy("New project")
    empty_icon = "folder_off"
    empty_title = gettext_lazy("No projects yet")
    empty_text = gettext_lazy("Projects group videos and what they cost.")

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # The slug is in addresses and reports, so it is proposed once and then left alone.
        return {} if obj else self.prepopulated_fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not form.cleaned_data["is_archived"]:
            obj.archived_at = None
        elif obj.archived_at is None:
            obj.archived_at = timezone.now()
        super().save_model(request, obj, form, change)

    @display(
        description=gettext_lazy("State"),
        label={"in_use": "success", "archived": "default"},
    )
    def state(self, project: Project) -> tuple[str, str]:
        return ("archived", _("Archived")) if project.archived_at else ("in_use", _("In use"))
