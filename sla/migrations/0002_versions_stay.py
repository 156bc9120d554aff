"""A published policy version cannot be rewritten: clocks run under it, and their past must not change."""

from django.db import migrations

REFUSE = """
CREATE TRIGGER policyversion_stays BEFORE UPDATE OR DELETE ON sla_policyversion
    FOR EACH ROW EXECUTE FUNCTION leads_refuse_change();
CREATE TRIGGER policyversion_no_truncate BEFORE TRUNCATE ON sla_policyversion
    FOR EACH STATEMENT EXECUTE FUNCTION leads_refuse_change();
"""

ALLOW = """
DROP TRIGGER policyversion_stays ON sla_policyversion;
DROP TRIGGER policyversion_no_truncate ON sla_policyversion;
"""


class Migration(migrations.Migration):
    dependencies = [("sla", "0001_initial"), ("leads", "0002_append_only")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
