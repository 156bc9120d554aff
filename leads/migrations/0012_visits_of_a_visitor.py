import django.db.models.deletion
from django.db import migrations, models


def unchecked(name):
    """Without a constraint: what is counted is an engagement, which has it."""
    return migrations.AlterField(
        model_name="engagementday",
        name=name,
        field=models.ForeignKey(
            db_constraint=False,
            db_index=False,
            null=True,
            on_delete=django.db.models.deletion.CASCADE,
            related_name="+",
            to=f"leads.{name}",
        ),
    )


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0011_engagements_age"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="engagement", name="engagement_of_visitor"),
        migrations.AddIndex(
            model_name="engagement",
            index=models.Index(
                condition=models.Q(("visitor__isnull", False)), fields=["visitor"], name="engagement_of_visitor"
            ),
        ),
        migrations.AddIndex(
            model_name="engagementday", index=models.Index(fields=["happened_on"], name="engagement_day_age")
        ),
        *(unchecked(name) for name in ("lead", "account", "visitor")),
    ]
