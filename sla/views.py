"""Whether the sweep keeps up, for a machine that watches."""

from dataclasses import asdict

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sla.reports.health import health


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 with four ages in seconds; 503 with the same when steps or judging are behind (sla.reports.health)."""
    found = health()
    return JsonResponse({"ok": found.is_well, **asdict(found)}, status=200 if found.is_well else 503)
