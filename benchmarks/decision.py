"""One decision: the accept action against the five statements that any system would need for it."""

from collections.abc import Iterator
from statistics import median, quantiles
from time import perf_counter

from django.db import connection, transaction

from benchmarks.company import make_handoffs, make_people
from feedback.actions.decisions import accept
from feedback.models import Handoff, person_of
from feedback.models.teams import Rep
from sla.models import PolicyVersion

Line = tuple[str, float, str]
COUNT = 300

_FIVE = (
    "SELECT id, state, owner_id, team_id FROM feedback_handoff WHERE id = %(id)s FOR NO KEY UPDATE",
    "UPDATE feedback_handoff SET state = 'accepted', decided_at = clock_timestamp() WHERE id = %(id)s",
    "INSERT INTO leads_journalentry (uid, kind, handoff_uid, actor_label, via, data, occurred_at) "
    "SELECT gen_random_uuid(), 'handoff.accepted', uid, 'Rep', 'page', '{}', decided_at FROM feedback_handoff "
    "WHERE id = %(id)s",
    "UPDATE sla_clock SET state = 'stopped', stopped_at = clock_timestamp(), next_action_at = NULL "
    "WHERE handoff_id = %(id)s AND target = 'decide' AND state = 'running'",
    "UPDATE feedback_handoff SET due_at = NULL WHERE id = %(id)s",
)


def run() -> Iterator[Line]:
    """What was measured, the figure, and its unit with the goal where there is one."""
    if not Handoff.objects.exists():
        make_handoffs(1, 20_000, version=make_people())
    bare = [_bare(pk) for pk in _pending()]
    rep = Rep.objects.select_related("user").order_by("pk").first()
    if rep is None or not PolicyVersion.objects.exists():
        raise RuntimeError("the company has no reps or no policy")
    ours = []
    for handoff in Handoff.objects.filter(pk__in=_pending()).select_related("owner__user"):
        if handoff.owner is None:
            raise RuntimeError("every handoff of the company has an owner")
        person = person_of(handoff.owner.user)
        start = perf_counter()
        accept(handoff.uid, by=person)
        ours.append(perf_counter() - start)
    yield "accept, median", median(ours) * 1000, "ms"
    yield "accept, 95th percentile", quantiles(ours, n=20)[18] * 1000, "ms, goal 15 at 4 connections"
    yield "five bare statements, median", median(bare) * 1000, "ms"
    yield "accept : five bare statements", median(ours) / median(bare), "times, goal at most 5"


def _pending() -> list[int]:
    return list(Handoff.objects.filter(state="pending").order_by("-pk").values_list("pk", flat=True)[:COUNT])


def _bare(pk: int) -> float:
    start = perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _FIVE:
            cursor.execute(statement, {"id": pk})
    return perf_counter() - start
