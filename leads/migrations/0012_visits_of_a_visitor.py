from django.db import migrations, models


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
        # Read by retention, which asks for what is oldest.
        migrations.AddIndex(
            model_name="engagementday", index=models.Index(fields=["happened_on"], name="engagement_day_age")
        ),
    ]
