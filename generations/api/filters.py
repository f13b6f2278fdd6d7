"""The filters of the list of generations. What is not known is refused, never ignored."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q
from django.http import QueryDict

from generations.api import pages
from generations.api.problems import Refused, fault
from generations.api.reading import as_uuid, is_printable, pointer
from generations.catalog import get_model
from generations.models import Preset, Project, Status
from generations.services import presets, visibility
from generations.services.errors import Fault

NEWEST_FIRST = pages.Order("created_at", datetime, descending=True, tie="id")
OLDEST_FIRST = pages.Order("created_at", datetime, descending=False, tie="id")
_ORDERINGS = {"created_at": OLDEST_FIRST, "-created_at": NEWEST_FIRST}
_REPEATABLE = frozenset({"status"})
_LONGEST = 200
_NONE: frozenset[str] = frozenset()
ORDERING = frozenset({"ordering"})


class Unknown(ValueError):
    """A filter's value is none; `code` is one of sentences.FAULTS."""

    def __init__(self, code: str = "unknown_value") -> None:
        super().__init__(code)
        self.code = code


Reader = Callable[[str, User], Q]


def condition(
    query: QueryDict, user: User, readers: Mapping[str, Reader], *, also: frozenset[str] = _NONE
) -> Q:
    """Answer the condition that a query string says, by the reader of each parameter.

    `also` are parameters that say something else. Raises Refused naming each bad one.
    """
    faults: list[Fault] = []
    found = Q()
    for name in query:
        at = f"/query{pointer(name)}"
        values = query.getlist(name)
        if name in pages.PARAMETERS or name in also:
            continue
        if name not in readers:
            faults.append(fault(at, "unknown_filter"))
        elif len(values) > 1 and name not in _REPEATABLE:
            faults.append(fault(at, "more_than_one"))
        else:
            try:
                found &= _one_of(readers[name], values, user)
            except Unknown as unknown:
                faults.append(fault(at, unknown.code))
    if faults:
        raise Refused("invalid", *faults)
    return found


def allow_none(query: QueryDict) -> None:
    """Raises Refused for every parameter but those of pages."""
    unknown = [name for name in query if name not in pages.PARAMETERS]
    if unknown:
        faults = (fault(f"/query{pointer(name)}", "unknown_filter") for name in unknown)
        raise Refused("invalid", *faults)


def order(query: QueryDict) -> pages.Order:
    """Answer the order asked for; newest first when none is. Raises Refused for an unknown one."""
    wanted = query.get("ordering", "-created_at")
    if wanted not in _ORDERINGS:
        raise Refused("invalid", fault("/query/ordering", "unknown_value"))
    return _ORDERINGS[wanted]


def _one_of(read: Reader, values: list[str], user: User) -> Q:
    found = Q()
    for value in values:
        if len(value) > _LONGEST or not is_printable(value):
            raise Unknown
        found |= read(value, user)
    return found


def _status(value: str, user: User) -> Q:
    if value not in Status.values:
        raise Unknown
    return Q(status=value)


def _model(value: str, user: User) -> Q:
    if get_model(value) is None:
        raise Unknown
    return Q(model=value)


def _preset(value: str, user: User) -> Q:
    seen = Preset.objects.filter(presets.seen_by(user), slug=value).first()
    if seen is None:
        raise Unknown
    return Q(preset_version__preset=seen)


def _project(value: str, user: User) -> Q:
    project = Project.objects.filter(slug=value).first()
    if project is None:
        raise Unknown
    return Q(project=project)


def _tag(value: str, user: User) -> Q:
    """A tag nobody uses selects nothing: to tell it from one of a stranger's would tell on them."""
    return Q(tags__name=value)


def _created_by(value: str, user: User) -> Q:
    if value == user.get_username():
        return Q(created_by=user)
    known = User.objects.filter(username=value).first() if visibility.sees_all(user) else None
    if known is None:
        raise Unknown
    return Q(created_by=known)


def _created_after(value: str, user: User) -> Q:
    return Q(created_at__gte=moment(value))


def _created_before(value: str, user: User) -> Q:
    return Q(created_at__lt=moment(value))


def moment(value: str) -> datetime:
    """Read a moment with its zone, or a date: its first moment in TIME_ZONE, as in the reports."""
    # In an address a bare plus sign means a space.
    value = value.replace(" ", "+")
    try:
        if len(value) == len("2026-01-31"):
            zone = ZoneInfo(settings.TIME_ZONE)
            return datetime.combine(date.fromisoformat(value), time.min, zone).astimezone(UTC)
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:
            raise Unknown("not_a_moment")
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unknown("not_a_moment") from None


def _search(value: str, user: User) -> Q:
    if not value:
        raise Unknown
    generation_id = as_uuid(value)
    if generation_id is not None:
        return Q(pk=generation_id)
    found = Q(provider_task_id=value)
    # SQLite folds the case of ASCII letters alone, so the usual ways of writing are all tried.
    for way in {value, value.lower(), value.capitalize()}:
        found |= Q(prompt_start__icontains=way)
    return found


OF_GENERATIONS: Mapping[str, Reader] = {
    "status": _status,
    "model": _model,
    "preset": _preset,
    "project": _project,
    "tag": _tag,
    "created_by": _created_by,
    "created_after": _created_after,
    "created_before": _created_before,
    "search": _search,
}
