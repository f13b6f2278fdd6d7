"""Form fields for a model's parameters, made from the catalogue; the catalogue alone judges them."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from generations.catalog import ModelSpec
from generations.catalog.kinds import Choice, Flag, Parameter, SteppedNumber, Text

PICTURE = "image_url"
# Far above every limit, so that what is pasted stays to be shortened, and far below the body's cap.
_MOST_TYPED = 12_000

_LABELS: Mapping[str, str | Promise] = {
    "prompt": _("Prompt"),
    "image_url": _("Address of the picture"),
    "duration": _("Duration"),
    "negative_prompt": _("Negative prompt"),
    "cfg_scale": _("Closeness to the prompt"),
}
_HELP: Mapping[str, str | Promise] = {
    "prompt": _("Say what moves, how it moves and what the camera does."),
    "negative_prompt": _("What must not appear."),
    "cfg_scale": _("0 leaves the model most freedom, 1 keeps closest to the prompt."),
}


class Raw(forms.Field):
    """Hands on what was typed, unjudged: the catalogue has the rules and the sentences."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)


def label_of(name: str) -> str | Promise:
    return _LABELS.get(name, name)


def field_for(parameter: Parameter, *, is_partial: bool = False) -> Raw:
    """Answer a field; a partial one (of a preset) may be left open, so choices have an empty one."""
    return Raw(
        label=label_of(parameter.name),
        help_text=_HELP.get(parameter.name, ""),
        widget=_widget(parameter, is_partial),
        initial="" if is_partial or parameter.default is None else str(parameter.default),
    )


def _widget(parameter: Parameter, is_partial: bool) -> forms.Widget:
    match parameter:
        case Text():
            attrs = {
                "rows": 6 if parameter.required else 2,
                "maxlength": _MOST_TYPED,
                "data-counter": parameter.max_length,
            }
            if parameter.warn_over:
                attrs["data-counter-warn"] = parameter.warn_over
            return UnfoldAdminTextareaWidget(attrs)
        case Choice():
            choices = [(value, choice_text(parameter.name, value)) for value in parameter.choices]
            if is_partial:
                return UnfoldAdminSelectWidget(choices=[("", _("As chosen each time")), *choices])
            return forms.RadioSelect(choices=choices)
        case SteppedNumber():
            return UnfoldAdminTextInputWidget(
                {
                    "type": "number",
                    "min": str(parameter.minimum),
                    "max": str(parameter.maximum),
                    "step": str(10**-parameter.places),
                    "inputmode": "decimal",
                }
            )
        case Flag():
            yes_no = [("true", _("Yes")), ("false", _("No"))]
            return UnfoldAdminSelectWidget(choices=[("", "—"), *yes_no])
        case _:
            return UnfoldAdminTextInputWidget({"type": "url", "placeholder": "https://"})


def choice_text(name: str, value: str) -> str:
    if name == "duration":
        return str(_("%(seconds)s seconds") % {"seconds": value})
    return value


class ParametersForm(forms.Form):
    """The parameters of one model. `given()` is what goes to the services."""

    def __init__(
        self, *args: Any, spec: ModelSpec, is_partial: bool = False, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.spec = spec
        self.is_partial = is_partial
        for parameter in spec.fields:
            self.fields[parameter.name] = field_for(parameter, is_partial=is_partial)

    def given(self) -> dict[str, Any]:
        """Answer the parameters as typed; what was left empty is absent."""
        flags = {"true": True, "false": False}
        typed: dict[str, Any] = {}
        for parameter in self.spec.fields:
            value = self.data.get(parameter.name, "")
            if value != "":
                is_flag = isinstance(parameter, Flag)
                typed[parameter.name] = flags.get(value, value) if is_flag else value
        return typed
