"""The one statement that takes every due step which only tells somebody.

It claims due clocks (others' claims are skipped, never waited for), records the breach and the step, moves the clock
on, and writes journal, chat messages and who is to be told (see digests_sql for how they hear), all or nothing. What
makes it exactly once is `escalation_once`, not the lock. What came due last comes first: after an outage the freshest
promises can still be saved.

statement_timestamp() is the database's clock and, unlike clock_timestamp(), lets the index clock_due answer: an idle
sweep reads nothing but the end of that index.

Parameters: one_id (a clock, or null for any), batch. Result: how many clocks were moved on.
"""

_ACTS = "('reassign', 'expire', 'raise_priority', 'bench', 'return_to_marketing')"

TELL = f"""
WITH due AS MATERIALIZED (
    SELECT c.id, c.handoff_id, c.target, c.cycle, c.due_at AS deadline_at, c.next_step AS step, c.version_id,
           c.step_actions[c.next_step + 1] AS action, c.step_ats[c.next_step + 1] AS step_at,
           c.step_refs[c.next_step + 1] AS ref
    FROM sla_clock c
    WHERE c.state = 'running' AND c.next_action_at <= statement_timestamp()
      AND c.step_actions[c.next_step + 1] NOT IN {_ACTS}
      AND (%(one_id)s::bigint IS NULL OR c.id = %(one_id)s)
    ORDER BY c.next_action_at DESC
    LIMIT %(batch)s
    FOR NO KEY UPDATE SKIP LOCKED
), moved AS (
    UPDATE sla_clock c
    SET next_step = due.step + 1,
        next_action_at = c.step_ats[due.step + 2],
        breached_at = CASE WHEN due.action = 'breach' THEN c.due_at ELSE c.breached_at END,
        breach_seen_at = CASE WHEN due.action = 'breach' THEN clock_timestamp() ELSE c.breach_seen_at END,
        failure_count = 0, last_error = ''
    FROM due WHERE c.id = due.id
    RETURNING c.id
), fired AS (
    INSERT INTO sla_escalation (uid, clock_id, step, action, due_at)
    SELECT gen_random_uuid(), due.id, due.step, due.action, due.step_at FROM due
    ON CONFLICT (clock_id, step) DO NOTHING
    RETURNING clock_id, step, action
), news AS (
    SELECT fired.clock_id, fired.step, fired.action, due.target, due.cycle, due.deadline_at, due.step_at,
           h.uid AS handoff_uid, h.team_id, l.uid AS lead_uid, rep.user_id AS owner_user_id, room.uid AS room_uid
    FROM fired
    JOIN due ON due.id = fired.clock_id
    JOIN feedback_handoff h ON h.id = due.handoff_id
    LEFT JOIN leads_lead l ON l.id = h.lead_id
    LEFT JOIN feedback_rep rep ON rep.id = h.owner_id AND rep.is_active
    LEFT JOIN LATERAL (
        SELECT found.uid FROM sla_policyversion version
        JOIN sla_chatchannel found ON found.is_active AND found.uid::text =
             version.rules -> 'targets' -> due.target::text -> 'steps' -> due.ref::int ->> 'channel'
        WHERE fired.action = 'notify_channel' AND version.id = due.version_id
    ) room ON true
), operations AS MATERIALIZED (
    SELECT person.id AS user_id FROM auth_group g
    JOIN auth_user_groups member ON member.group_id = g.id
    JOIN auth_user person ON person.id = member.user_id AND person.is_active
    WHERE g.name = 'operations'
), reached AS MATERIALIZED (
    -- A step that reaches nobody keeps one row, without a user.
    SELECT news.*, people.user_id
    FROM news
    LEFT JOIN LATERAL (
        SELECT person.id AS user_id FROM auth_user person
        WHERE action IN ('warn', 'notify_owner') AND person.id = owner_user_id AND person.is_active
        UNION ALL
        SELECT boss.id FROM feedback_team_managers managers
        JOIN auth_user boss ON boss.id = managers.user_id AND boss.is_active
        WHERE managers.team_id = news.team_id
          AND (action = 'notify_manager' OR (action IN ('warn', 'notify_owner') AND owner_user_id IS NULL))
    ) people ON true
), tellings AS (
    INSERT INTO sla_telling (clock_id, step, action, user_id)
    SELECT clock_id, step, action, user_id FROM reached WHERE user_id IS NOT NULL
    UNION ALL
    -- Nobody to tell must not mean that nobody hears: operations does.
    SELECT clock_id, step, action, operations.user_id FROM reached CROSS JOIN operations
    WHERE reached.user_id IS NULL AND action IN ('warn', 'notify_owner', 'notify_manager')
    ON CONFLICT (clock_id, step, user_id) DO NOTHING
), results AS (
    SELECT DISTINCT ON (clock_id) *, CASE
        WHEN action = 'notify_channel' AND room_uid IS NULL THEN 'the channel is no longer in use'
        WHEN action IN ('warn', 'notify_owner', 'notify_manager') AND user_id IS NULL
             AND NOT EXISTS (SELECT FROM operations) THEN 'there is nobody to tell'
    END AS because
    FROM reached
), entries AS (
    INSERT INTO leads_journalentry (uid, kind, handoff_uid, lead_uid, actor_id, actor_label, via, data, occurred_at)
    SELECT gen_random_uuid(),
           CASE WHEN because IS NOT NULL THEN 'step.skipped'
                WHEN action = 'breach' THEN 'clock.breached' WHEN action = 'warn' THEN 'owner.warned'
                WHEN action = 'notify_owner' THEN 'owner.notified'
                WHEN action = 'notify_manager' THEN 'manager.notified'
                ELSE 'channel.notified' END,
           handoff_uid, lead_uid, NULL, 'LeadLoop', 'system',
           jsonb_build_object('target', target, 'cycle', cycle, 'step', step, 'due_at', deadline_at)
               || CASE WHEN because IS NULL THEN '{{}}'::jsonb
                       ELSE jsonb_build_object('action', action, 'because', because) END,
           step_at
    FROM results
), chats AS (
    INSERT INTO leads_outboxmessage (
        uid, channel, target, payload, dedup_key, handoff_uid, state, attempt_count, last_error
    )
    SELECT gen_random_uuid(), 'chat', room_uid::text,
           jsonb_build_object('renderer', 'sla.room', 'clock', clock_id, 'step', step),
           'step:' || clock_id || ':' || step || ':room', handoff_uid, 'waiting', 0, ''
    FROM results WHERE room_uid IS NOT NULL
    ON CONFLICT (dedup_key) DO NOTHING
)
SELECT count(*) FROM moved
"""

# Steps that act on the handoff are taken one by one; this only looks, it locks nothing.
ACTING = f"""
SELECT c.id, c.handoff_id FROM sla_clock c
WHERE c.state = 'running' AND c.next_action_at <= statement_timestamp()
  AND c.step_actions[c.next_step + 1] IN {_ACTS}
ORDER BY c.next_action_at DESC LIMIT %(batch)s
"""

TELLING = f"""
SELECT c.id FROM sla_clock c
WHERE c.state = 'running' AND c.next_action_at <= statement_timestamp()
  AND c.step_actions[c.next_step + 1] NOT IN {_ACTS}
ORDER BY c.next_action_at DESC LIMIT %(batch)s
"""

CHECKING = """
SELECT c.id, c.handoff_id FROM sla_clock c
WHERE c.state = 'running' AND c.check_owner
ORDER BY c.id LIMIT %(batch)s
"""

PUSH_AWAY = """
UPDATE sla_clock SET failure_count = failure_count + 1, last_error = %(error)s,
    next_action_at = clock_timestamp()
        + least(interval '10 seconds' * power(2, least(failure_count, 9)), interval '1 hour')
WHERE id = %(clock_id)s AND state = 'running'
"""
