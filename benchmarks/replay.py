"""A replay of a company's last twelve weeks: handoffs with a journal as the product writes it, judged by a draft."""

from collections.abc import Iterator
from datetime import timedelta
from time import perf_counter, process_time
from typing import Any

from django.db import connection
from django.utils import timezone

from benchmarks.company import DAYS, SIZE, make_people
from feedback.reports.snapshot import snapshot
from sla.logic.replay_many import judge_many
from sla.logic.replay_tally import tally_of
from sla.reports.replay_reading import Span, read_piece
from sla.reports.replay_real import real_tally
from sla.reports.replay_rules import judge_of
from sla.reports.replays import run as replay

Line = tuple[str, float, str]

# Three in five are accepted, one in five rejected, the rest is silent; one in ten changes hands first, one in twenty is
# on hold for a while; what is accepted gets two attempts, and half of it is qualified.
_HANDOFFS = """
INSERT INTO leads_lead
    (uid, external_system, external_id, account_id, email, name, title, phone, consent, created_at)
SELECT gen_random_uuid(), 'bench', n::text, (SELECT min(id) FROM leads_account) + n %% 20000, '', 'Lead ' || n,
       'Buyer', '', 'unknown', now()
FROM generate_series(1, %(size)s) n;
INSERT INTO feedback_handoff (uid, external_system, external_id, lead_id, account_id, team_id, owner_id, state,
    campaign_id, channel, fit, intent, score_parts, why, evidence, is_void, decision_note, offered_at, decided_at,
    attempt_count, priority)
SELECT gen_random_uuid(), 'bench', l.external_id, l.id, l.account_id, r.team_id, r.id,
       CASE WHEN n %% 5 < 3 THEN 'accepted' WHEN n %% 5 = 3 THEN 'turned_back' ELSE 'pending' END,
       c.id, c.channel, 70, 50, '{}', 'Came back to pricing', '{}', false, '', o.at,
       CASE WHEN n %% 5 < 4 THEN o.at + random() * interval '30 hours' END, 0, 3
FROM generate_series(1, %(size)s) n
JOIN leads_lead l ON l.external_system = 'bench' AND l.external_id = n::text
JOIN feedback_rep r ON r.id = (SELECT min(id) FROM feedback_rep) + n %% 1000
JOIN leads_campaign c ON c.id = (SELECT min(id) FROM leads_campaign) + n %% 60
CROSS JOIN LATERAL (SELECT now() - n * interval '84 days' / %(size)s AS at) o;
INSERT INTO leads_journalentry
    (uid, kind, handoff_uid, lead_uid, actor_label, via, data, occurred_at)
SELECT gen_random_uuid(), s.kind, h.uid, l.uid, 'Bench', 'page', s.data, least(s.at, now())
FROM feedback_handoff h JOIN leads_lead l ON l.id = h.lead_id
CROSS JOIN LATERAL (
    SELECT 'handoff.offered' AS kind, '{}'::jsonb AS data, h.offered_at AS at
    UNION ALL SELECT 'clock.started', '{"target": "decide", "cycle": 0, "version": "ab", "calendar": "cd",
        "amount_us": 14400000000, "due_at": "2026-11-22T07:00:00+00:00"}', h.offered_at
    UNION ALL SELECT 'handoff.reassigned', '{"from": "a", "to": "b", "cause": "manager"}',
        h.offered_at + (h.decided_at - h.offered_at) / 2 WHERE h.id %% 10 = 0
    UNION ALL SELECT 'handoff.held', '{"hold": "a", "reason": "missing_context", "owed_by": "marketing"}',
        h.offered_at + (h.decided_at - h.offered_at) / 4 WHERE h.id %% 20 = 1
    UNION ALL SELECT 'handoff.resumed', '{"hold": "a", "because": "answered"}',
        h.offered_at + (h.decided_at - h.offered_at) / 2 WHERE h.id %% 20 = 1
    UNION ALL SELECT 'handoff.' || h.state, '{}', h.decided_at WHERE h.decided_at IS NOT NULL
    UNION ALL SELECT 'clock.stopped', '{"target": "decide", "cycle": 0, "in_time": true}', h.decided_at
        WHERE h.decided_at IS NOT NULL
    UNION ALL SELECT 'clock.started', '{"target": "first_attempt", "cycle": 0, "version": "ab", "calendar": "cd",
        "amount_us": 14400000000, "due_at": "2026-11-22T07:00:00+00:00"}', h.decided_at WHERE h.state = 'accepted'
    UNION ALL SELECT 'attempt.logged', '{"attempt": "a", "kind": "call", "is_two_way": false}',
        h.decided_at + interval '3 hours' WHERE h.state = 'accepted'
    UNION ALL SELECT 'attempt.logged', '{"attempt": "a", "kind": "mail", "is_two_way": true}',
        h.decided_at + interval '2 days' WHERE h.state = 'accepted'
    UNION ALL SELECT 'handoff.qualified', '{}', h.decided_at + interval '4 days'
        WHERE h.state = 'accepted' AND h.id %% 2 = 0
) s
WHERE s.at IS NOT NULL ORDER BY s.at;
INSERT INTO sla_clock (handoff_id, version_id, calendar_version_id, target, cycle, state, started_at, amount, due_at,
    stopped_at, step_actions, step_refs, step_ats, next_step, check_owner, failure_count, last_error)
SELECT h.id, %(version)s, (SELECT min(id) FROM sla_calendarversion), 'decide', 0,
       CASE WHEN h.decided_at IS NULL THEN 'running' ELSE 'stopped' END, h.offered_at, interval '1 hour',
       h.offered_at + interval '1 hour', h.decided_at, ARRAY['breach'], ARRAY[-1],
       ARRAY[h.offered_at + interval '1 hour'], 1, false, 0, ''
FROM feedback_handoff h
"""

_LADDER = [
    {"action": "warn", "percent": 75},
    {"action": "notify_owner", "minutes_after": 0},
    {"action": "notify_manager", "minutes_after": 60},
    {"action": "reassign", "minutes_after": 240},
    {"action": "expire", "minutes_after": 4800},
]
RULES: dict[str, Any] = {
    "policies": [
        {
            "name": "Bench draft",
            "valid_from": "2020-01-01T00:00:00+00:00",
            "calendar": "office",
            "targets": {
                "decide": {"minutes": 240, "steps": _LADDER},
                "first_attempt": {"minutes": 480, "steps": _LADDER[:3]},
                "qualify": {"days": 5, "steps": _LADDER[:3]},
            },
        }
    ],
    "calendars": {
        "office": {
            "timezone": "Europe/Berlin",
            "weekly": {day: [["09:00", "12:30"], ["13:30", "18:00"]] for day in DAYS[:5]},
        }
    },
    "reps": {},
    "countries": {},
}


def run() -> Iterator[Line]:
    """What was measured, the figure, and its unit with the goal where there is one."""
    _make(make_people())
    until = timezone.now()
    span = Span(until - timedelta(weeks=13), until, until)
    judge = judge_of(RULES)
    yield from _one_piece(span)
    began, worked = perf_counter(), process_time()
    result = replay(span, judge)
    took, busy = perf_counter() - began, process_time() - worked
    if result["handoffs"] != SIZE:
        raise RuntimeError("the replay lost handoffs")
    bare = _bare(span)
    yield f"replay of {SIZE:,} handoffs, three targets", took, "s, goal 60 for 1,000,000"
    yield "replayed", SIZE / took, "handoffs a second, goal 16,667"
    yield "of it in Python and numpy", busy, "s; the rest waits for the database"
    yield "reading the same journal rows, bare SQL", bare, "s"
    yield "replay : bare reading", took / bare, "times"


def _make(version: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for statement in _HANDOFFS.split(";\n"):
            cursor.execute(statement, {"size": SIZE, "version": version})
        cursor.execute("VACUUM ANALYZE leads_lead, feedback_handoff, sla_clock, leads_journalentry")
        cursor.execute("RESET statement_timeout")


def _one_piece(span: Span) -> Iterator[Line]:
    """Where the time of one piece goes."""
    judge = judge_of(RULES)
    marks = [perf_counter()]
    with snapshot():
        piece = read_piece(span, judge, after=None)
        marks.append(perf_counter())
        if piece is None:
            raise RuntimeError("there is nothing to replay")
        real_tally(piece.chosen)
    marks.append(perf_counter())
    clocks = judge_many(piece.past, judge, until=span.until)
    marks.append(perf_counter())
    tally_of(piece.past, clocks)
    marks.append(perf_counter())
    for name, begun, ended in zip(("read", "what happened", "judge", "count"), marks, marks[1:], strict=False):
        yield f"a piece of {piece.past.count:,}: {name}", (ended - begun) * 1000, "ms"


def _bare(span: Span) -> float:
    """Seconds in which the database alone goes through the handoffs' journal."""
    began = perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(
            "SELECT count(j.occurred_at) FROM feedback_handoff h JOIN leads_journalentry j ON j.handoff_uid = h.uid"
            " WHERE h.offered_at >= %s AND h.offered_at < %s",
            [span.begins_at, span.ends_at],
        )
        cursor.fetchone()
    return perf_counter() - began
