"""A published calendar version cannot be rewritten; and what operations may do with the tables that are new."""

from django.db import migrations

from leads.migrations._rights import grant

REFUSE = """
CREATE TRIGGER calendarversion_stays BEFORE UPDATE OR DELETE ON sla_calendarversion
    FOR EACH ROW EXECUTE FUNCTION leads_refuse_change();
CREATE TRIGGER calendarversion_no_truncate BEFORE TRUNCATE ON sla_calendarversion
    FOR EACH STATEMENT EXECUTE FUNCTION leads_refuse_change();
"""
ALLOW = """
DROP TRIGGER calendarversion_stays ON sla_calendarversion;
DROP TRIGGER calendarversion_no_truncate ON sla_calendarversion;
"""
SEE, EDIT = ("view",), ("view", "add", "change", "delete")
RIGHTS = {
    "calendaruse": EDIT,
    "calendarversion": SEE,
    "chatchannel": EDIT,
    "condition": EDIT,
    "excuse": SEE,
    "replay": SEE,
    "steptemplate": EDIT,
}


def give(apps, schema_editor):
    grant(apps, "operations", "sla", RIGHTS)
    grant(apps, "operations", "feedback", {"absence": EDIT, "hold": SEE})


class Migration(migrations.Migration):
    dependencies = [("sla", "0006_rules_complete"), ("feedback", "0004_holds_and_absences")]
    operations = [migrations.RunSQL(REFUSE, ALLOW), migrations.RunPython(give, migrations.RunPython.noop)]
