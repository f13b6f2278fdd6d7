"""Where KIE posts that a task has changed. The address holds a secret: it is never logged as it is."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from generations.services.hint import Reception, receive

# KIE repeats the request in its callbacks, escaped three times over: 5000 emoji take 90 KB there.
MOST_BYTES = 256 * 1024
_TOO_LARGE = 413
_REFUSALS = {Reception.UNKNOWN: 404, Reception.UNSIGNED: 401}


@csrf_exempt
@require_POST
def callback(request: HttpRequest, token: str) -> HttpResponse:
    """Answer 200 for a token of ours in any state; never say why for any other."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdigit() and int(length[:20]) > MOST_BYTES:
        return HttpResponse(status=_TOO_LARGE)
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        return HttpResponse(status=_TOO_LARGE)
    reception = receive(
        token=token,
        body=body,
        timestamp=request.headers.get("X-Webhook-Timestamp"),
        signature=request.headers.get("X-Webhook-Signature"),
        now=timezone.now(),
    )
    if reception in _REFUSALS:
        return HttpResponse(status=_REFUSALS[reception])
    return JsonResponse({"code": 200, "msg": "success"})
