"""What websites tell: page views, consent taken back."""

import datetime as dt

from django.db import connection, transaction
from django.db.models import Q
from django.utils.crypto import get_random_string

from leads.actions.clock import database_now
from leads.actions.engagements import EngagementInput, clean_engagement, keep_engagements
from leads.actions.visitors import VisitorInput
from leads.logic.spam import Why
from leads.logic.website import Forgotten, PageView, origin_of
from leads.models import (
    Engagement,
    EngagementDay,
    EngagementKind,
    Touched,
    Visitor,
    WebForm,
    Website,
)
from leads.reports.websites import day_of, system_of

_NOTED_EVERY = dt.timedelta(minutes=1)
_COUNT = """
INSERT INTO leads_keptout AS kept (form_id, why, happened_on, count)
VALUES (%(form)s, %(why)s, (clock_timestamp() AT TIME ZONE 'UTC')::date, 1)
ON CONFLICT (form_id, happened_on, why) DO UPDATE SET count = kept.count + 1
"""


def new_key() -> str:
    """A key for a website or a form: it stands in pages, so it is short, and no secret."""
    return get_random_string(16, "abcdefghijkmnpqrstuvwxyz23456789")


def visitor_of(website: Website, visitor: str) -> VisitorInput:
    """The visitor as engagements name them: by the id of their browser on this website."""
    return VisitorInput(external_system=system_of(website), external_id=visitor)


@transaction.atomic
def keep_view(website: Website, view: PageView, *, origin: str) -> None:
    """Keep a page view, or how long one took that is known already. A fixed number of statements.

    InvalidInput. Locks as keep_engagements. Sends engaged.
    """
    now = database_now()
    system = system_of(website)
    began_at, key = _known(system, view, now=now) or (now - dt.timedelta(seconds=view.seconds or 0), "")
    given = EngagementInput(
        kind=EngagementKind.PAGE_VIEW,
        occurred_at=began_at,
        visitor=visitor_of(website, view.visitor),
        subject=view.title,
        url=origin + view.path,
        duration_seconds=view.seconds,
        external_system=system,
        external_id=key or f"{day_of(began_at)}-{view.view}",
    )
    keep_engagements([clean_engagement(given, now=now)])
    if view.came_from and origin_of(view.came_from) not in website.origins:
        nowhere = Visitor.objects.filter(external_system=system, external_id=view.visitor, came_from="")
        nowhere.update(came_from=view.came_from)
    if website.last_view_at is None or now - website.last_view_at > _NOTED_EVERY:
        earlier = Q(last_view_at__isnull=True) | Q(last_view_at__lt=now - _NOTED_EVERY)
        Website.objects.filter(earlier, pk=website.pk).update(last_view_at=now)


def _known(system: str, view: PageView, *, now: dt.datetime) -> tuple[dt.datetime, str] | None:
    """When the view began that somebody now leaves, and its external id; None for one that just began or was lost."""
    if view.seconds is None:
        return None
    days = (now, now - dt.timedelta(days=1))
    keys = [f"{day_of(day)}-{view.view}" for day in days]
    known = Engagement.objects.filter(external_system=system, external_id__in=keys).exclude(external_id="")
    return known.values_list("occurred_at", "external_id").first()


@transaction.atomic
def forget_visitor(website: Website, asked: Forgotten) -> None:
    """Forget a browser: what it did goes, unless it is a lead's story by now; then only the browser's id goes.

    Locks the visitor. Has the visitor's account scored anew.
    """
    visitors = Visitor.objects.select_for_update()
    visitor = visitors.filter(external_system=system_of(website), external_id=asked.visitor).first()
    if visitor is None:
        return
    if visitor.lead_id is not None:
        Visitor.objects.filter(pk=visitor.pk).update(external_system="", external_id="")
        return
    accounts = set(Engagement.objects.filter(visitor=visitor).values_list("account_id", flat=True)) - {None}
    EngagementDay.objects.filter(visitor=visitor).delete()
    Engagement.objects.filter(visitor=visitor).delete()
    Visitor.objects.filter(pk=visitor.pk).delete()
    Touched.objects.bulk_create(Touched(account_id=account) for account in sorted(filter(None, accounts)))


def count_kept_out(form: WebForm, why: Why) -> None:
    """One more that was thanked and not taken."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"form": form.pk, "why": why.value})
