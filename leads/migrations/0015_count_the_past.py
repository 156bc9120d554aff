"""What was done before anybody counted is counted by day as well."""

from django.db import migrations

FILL = """
INSERT INTO leads_engagementday (lead_id, account_id, visitor_id, kind, page_group, confidence, happened_on, count,
    duration_seconds, last_at)
SELECT lead_id, account_id, CASE WHEN lead_id IS NULL THEN visitor_id END, kind, page_group, confidence,
       (occurred_at AT TIME ZONE 'UTC')::date, count(*), coalesce(sum(duration_seconds), 0), max(occurred_at)
FROM leads_engagement GROUP BY 1, 2, 3, 4, 5, 6, 7
ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0014_sessions")]
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
