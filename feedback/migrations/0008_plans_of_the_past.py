"""Refusals from before there were plans get theirs. A date given as evidence stays a condition that somebody confirms."""

from django.db import migrations

FILL = """
INSERT INTO feedback_recycleplan (handoff_id, not_before_at, condition)
SELECT handoff.id,
       coalesce(handoff.disposed_at, handoff.decided_at)
           + make_interval(days => coalesce(nullif(reason.cool_off_days, 0)::integer,
                                            CASE WHEN reason.return_condition = 'cool-off over' THEN 30 END)),
       CASE WHEN reason.return_condition = 'cool-off over' THEN '' ELSE reason.return_condition END
FROM feedback_handoff AS handoff JOIN feedback_rejectionreason AS reason ON reason.id = handoff.reason_id
WHERE handoff.state IN ('rejected', 'returned') AND reason.next_state = 'recycle'
ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [("feedback", "0007_recycle_plans")]
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
