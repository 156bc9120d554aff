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
), waiting AS MATERIALIZED (
    SELECT t.id, t.user_id, t.clock_id, t.step, t.action, c.target, c.handoff_id, h.uid AS handoff_uid, h.lead_id,
           h.account_id, c.step_ats[t.step + 1] AS step_at, person.email, {STILL_TRUE} AS is_true
    FROM sla_telling t {JOINED}
    WHERE t.told_at IS NULL AND t.user_id = ANY(%(users)s)
), latest AS (
    SELECT DISTINCT ON (user_id, clock_id) * FROM waiting WHERE is_true ORDER BY user_id, clock_id, step DESC
), ranked AS (
    SELECT latest.*, row_number() OVER (PARTITION BY user_id ORDER BY step_at DESC, clock_id DESC) AS place FROM latest
), chosen AS MATERIALIZED (
    SELECT ranked.*, people.stretch, people.first, people.mail_at, place > people.singles AS is_together
    FROM ranked JOIN people USING (user_id)
    WHERE place <= people.singles OR people.may_digest
), told AS (
    UPDATE sla_telling t
    SET told_at = CASE WHEN chosen.is_together THEN %(together_at)s::timestamptz ELSE %(told_at)s::timestamptz END
    FROM waiting LEFT JOIN chosen ON chosen.user_id = waiting.user_id AND chosen.clock_id = waiting.clock_id
    WHERE t.id = waiting.id AND (NOT waiting.is_true OR chosen.clock_id IS NOT NULL)
), together AS (
    SELECT user_id, stretch, mail_at, email, count(DISTINCT handoff_id) AS handoffs
    FROM chosen WHERE is_together GROUP BY user_id, stretch, mail_at, email
), messages AS MATERIALIZED (
    SELECT one.user_id, one.email, mail_at, handoff_uid, 'sla.' || action || '.' || target AS kind,
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
