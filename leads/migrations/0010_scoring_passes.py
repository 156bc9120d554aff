import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0009_kept_out"),
    ]

    operations = [
        migrations.CreateModel(
            name="ScoringPass",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("scored_on", models.DateField()),
                ("last_lead_id", models.BigIntegerField(db_default=0)),
                ("last_account_id", models.BigIntegerField(db_default=0)),
                ("claimed_until", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "agreement",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.agreement",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "scoring passes",
                "constraints": [
                    models.UniqueConstraint(fields=("scored_on", "agreement"), name="scoring_pass_once"),
                ],
            },
        ),
    ]
