"""What operations may do with calendars, policies and clocks in the admin."""

from django.db import migrations

from leads.migrations._rights import grant

SEE, EDIT = ("view",), ("view", "add", "change")
SLA = {
    "workcalendar": EDIT,
    "calendarexception": (*EDIT, "delete"),
    "policy": EDIT,
    "target": (*EDIT, "delete"),
    "policyversion": SEE,
    "clock": SEE,
    "escalation": SEE,
}


def give(apps, schema_editor):
    grant(apps, "operations", "sla", SLA)


class Migration(migrations.Migration):
    dependencies = [
        ("sla", "0002_versions_stay"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
