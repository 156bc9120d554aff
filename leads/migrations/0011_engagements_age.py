from django.db import migrations, models

import leads.models.engagements


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0010_scoring_passes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="engagement",
            name="uid",
            field=models.UUIDField(default=leads.models.engagements.ordered_uid, editable=False, unique=True),
        ),
        migrations.AddIndex(
            model_name="engagement",
            index=models.Index(fields=["occurred_at"], name="engagement_at"),
        ),
    ]
