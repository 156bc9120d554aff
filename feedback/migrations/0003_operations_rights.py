"""What operations and marketers may do in the admin. Whoever enters it also needs to be staff."""

from django.db import migrations

from leads.migrations._rights import grant

SEE, EDIT = ("view",), ("view", "add", "change")
LEADS = {
    "account": EDIT,
    "lead": EDIT,
    "campaign": EDIT,
    # A key is made and revoked, a message given up is sent again: neither is edited.
    "apikey": EDIT,
    "outboxmessage": ("view", "change"),
    "journalentry": SEE,
    "importrun": SEE,
}
FEEDBACK = {
    "team": EDIT,
    "rep": EDIT,
    # A reason that was never used can go again.
    "rejectionreason": (*EDIT, "delete"),
    "handoff": SEE,
}


def give(apps, schema_editor):
    grant(apps, "operations", "leads", LEADS)
    grant(apps, "operations", "feedback", FEEDBACK)
    grant(apps, "marketer", "leads", {"campaign": EDIT})


class Migration(migrations.Migration):
    dependencies = [
        ("feedback", "0002_first_rows"),
        ("leads", "0002_append_only"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
