"""The statement that turns what people are to be told into notices and mails, all or nothing.

Of several steps of one clock the latest speaks for all. What came due last comes first; what is above a person's
allowance (see sla.logic.storms) becomes one digest, or waits. What is no longer true is told to nobody.

Parameters, one entry a person: users, singles, firsts, may_digests, stretches, mail_ats; told_at; together_at, the
instant by which the mail of a digest finds what it is about. Result: how many messages were written.
"""

from sla.reports.tellings import JOINED, STILL_TRUE

WAITING = "SELECT DISTINCT user_id FROM sla_telling WHERE told_at IS NULL"

# Held to the end of the transaction: nobody else counts this person's messages meanwhile.
LOCK = "SELECT u FROM unnest(%(users)s::int[]) u WHERE pg_try_advisory_xact_lock(%(space)s, u)"

WRITTEN = "SELECT dedup_key, created_at FROM leads_notice WHERE dedup_key = ANY(%(keys)s)"

WRITE = f"""
WITH people AS (
    SELECT * FROM unnest(
        %(users)s::int[], %(singles)s::int[], %(firsts)s::int[], %(may_digests)s::boolean[], %(stretches)s::bigint[],
        %(mail_ats)s::timestamptz[]
    ) AS p (user_id, singles, first, may_digest, stretch, mail_at)
), waiting AS (
    SELECT t.id, t.clock_id, t.step, t.action, c.target, c.handoff_id, h.uid AS handoff_uid, h.lead_id, h.account_id,
           c.step_ats[t.step + 1] AS step_at, person.email, {STILL_TRUE} AS is_true, people.*
    FROM people JOIN sla_telling t ON t.user_id = people.user_id AND t.told_at IS NULL {JOINED}
), latest AS (
    SELECT *, max(step) OVER clock_of AS last_step, max(step_at) OVER clock_of AS last_at
    FROM waiting WINDOW clock_of AS (PARTITION BY user_id, clock_id, is_true)
), ranked AS (
    -- Joined to nothing from here on: what is written down of a telling decides about the telling.
    SELECT *, dense_rank() OVER (PARTITION BY user_id, is_true ORDER BY last_at DESC, clock_id DESC) AS place
    FROM latest
), decided AS MATERIALIZED (
    SELECT *, is_true AND place > singles AS is_together FROM ranked
    WHERE NOT is_true OR place <= singles OR may_digest
), told AS (
    UPDATE sla_telling t
    SET told_at = CASE WHEN is_together THEN %(together_at)s::timestamptz ELSE %(told_at)s::timestamptz END
    FROM decided WHERE t.id = decided.id
), chosen AS (
    SELECT * FROM decided WHERE is_true AND step = last_step
), together AS (
    SELECT user_id, stretch, mail_at, email, count(DISTINCT handoff_id) AS handoffs
    FROM chosen WHERE is_together GROUP BY user_id, stretch, mail_at, email
), messages AS MATERIALIZED (
    SELECT one.user_id, one.email, one.mail_at, handoff_uid, 'sla.' || action || '.' || target AS kind,
           left(coalesce(nullif(l.name, ''), nullif(l.email, ''), a.name, 'Unknown visitor'), 200) AS subject,
           'told:' || user_id || ':' || stretch || ':' || (first + place - 1) AS key,
           jsonb_build_object('renderer', 'sla.step', 'clock', clock_id, 'step', step, 'user', user_id) AS payload
    FROM chosen one LEFT JOIN leads_lead l ON l.id = lead_id LEFT JOIN leads_account a ON a.id = one.account_id
    WHERE NOT is_together
    UNION ALL
    SELECT user_id, email, mail_at, NULL, 'sla.digest',
           handoffs || CASE WHEN handoffs = 1 THEN ' handoff' ELSE ' handoffs' END,
           'digest:' || user_id || ':' || stretch,
           jsonb_build_object('renderer', 'sla.digest', 'user', user_id, 'told_at', %(together_at)s::timestamptz)
    FROM together
), notices AS (
    INSERT INTO leads_notice (uid, user_id, kind, handoff_uid, subject, dedup_key)
    SELECT gen_random_uuid(), user_id, kind, handoff_uid, subject, key FROM messages
), mails AS (
    INSERT INTO leads_outboxmessage (
        uid, channel, target, payload, dedup_key, handoff_uid, state, attempt_count, last_error, not_before_at
    )
    SELECT gen_random_uuid(), 'mail', email, payload, key, handoff_uid, 'waiting', 0, '', mail_at
    FROM messages WHERE email <> ''
)
SELECT count(*) FROM messages
"""
