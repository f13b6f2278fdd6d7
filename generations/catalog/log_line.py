"""The one line that each submission logs."""

from collections.abc import Mapping

from generations.catalog.kinds import Parameter, Url, UrlList
from generations.catalog.spec import ModelSpec
from generations.catalog.web_address import origin_of

_TEXT_CHARACTERS = 60


def log_line(spec: ModelSpec, model_input: Mapping[str, object]) -> str:
    """Answer a submission's log line: one line, no secrets.

    Texts are cut to 60 characters and "...", a URL to its scheme and host: paths and queries of
    signed addresses open the file to anybody who reads the log. Keys that the model does not have
    are left out.
    """
    known = [parameter for parameter in spec.fields if parameter.name in model_input]
    keys = [parameter.name for parameter in known]
    preview = {p.name: _shown(p, model_input[p.name]) for p in known}
    return f"MODEL={spec.id} TYPE={spec.kind} INPUT_KEYS={keys} INPUT_PREVIEW={preview}"


def _shown(parameter: Parameter, value: object) -> object:
    if isinstance(value, list | tuple):
        return [_shown(parameter, one) for one in value]
    if not isinstance(value, str):
        return value
    if isinstance(parameter, Url | UrlList):
        return origin_of(value)
    return value if len(value) <= _TEXT_CHARACTERS else f"{value[:_TEXT_CHARACTERS]}..."
