"""What operations and marketers may do with intake and routing in the admin."""

from django.db import migrations

from leads.migrations._rights import grant

SEE, EDIT, ALL = ("view",), ("view", "add", "change"), ("view", "add", "change", "delete")
LEADS = {"pagegroup": ALL, "website": EDIT, "webform": EDIT, "agreement": SEE}
FEEDBACK = {"routingrule": ALL, "turn": ALL, "accountowner": ALL}


def give(apps, schema_editor):
    grant(apps, "operations", "leads", LEADS)
    grant(apps, "operations", "feedback", FEEDBACK)
    grant(apps, "marketer", "leads", {name: LEADS[name] for name in ("pagegroup", "website", "webform")})


class Migration(migrations.Migration):
    dependencies = [("feedback", "0005_routing"), ("leads", "0005_signed_stays")]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
