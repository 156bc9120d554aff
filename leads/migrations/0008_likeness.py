"""What the finder of duplicates compares, and what waits for it; domains in their one normal form."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

from leads.logic.domains import normal_domain
from leads.logic.errors import InvalidInput

_PLAIN = r"^(?!www\.)[a-z0-9-]+(\.[a-z0-9-]+)+$"


def normalise(apps, schema_editor):
    """Domains that were kept as they came; one that is none stays as it is, and matches nobody."""
    accounts = apps.get_model("leads", "Account").objects
    for account in accounts.exclude(domain="").exclude(domain__regex=_PLAIN).iterator():
        try:
            accounts.filter(pk=account.pk).update(domain=normal_domain(account.domain))
        except InvalidInput:
            continue


def look_at_all(apps, schema_editor):
    """Whoever is there already is compared as well, a batch at a time."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("INSERT INTO leads_changed (account_id) SELECT id FROM leads_account ORDER BY id")
        cursor.execute("INSERT INTO leads_changed (lead_id) SELECT id FROM leads_lead ORDER BY id")


class Migration(migrations.Migration):
    dependencies = [("leads", "0007_two_sign")]
    operations = [
        migrations.CreateModel(
            name="Changed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("lead_id", models.BigIntegerField(null=True)),
                ("account_id", models.BigIntegerField(null=True)),
            ],
            options={"verbose_name_plural": "changed"},
        ),
        migrations.CreateModel(
            name="Likeness",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "marks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200), default=list, size=None
                    ),
                ),
                (
                    "account",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="leads.account",
                    ),
                ),
                (
                    "lead",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="leads.lead",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "likenesses",
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["marks"], name="likeness_marks"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("account__isnull", True), ("lead__isnull", False)),
                            models.Q(("account__isnull", False), ("lead__isnull", True)),
                            _connector="OR",
                        ),
                        name="likeness_of_one",
                    )
                ],
            },
        ),
        migrations.RunPython(normalise, migrations.RunPython.noop),
        migrations.RunPython(look_at_all, migrations.RunPython.noop),
    ]
