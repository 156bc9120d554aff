"""Who is held back is judged anew by themselves; those who are already, at once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0015_count_the_past")]

    operations = [
        migrations.AddField(model_name="standing", name="again_at", field=models.DateTimeField(null=True)),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(
                fields=["again_at", "id"], condition=models.Q(again_at__isnull=False), name="standing_again"
            ),
        ),
        migrations.RunSQL(
            "UPDATE leads_standing SET again_at = clock_timestamp() WHERE NOT held_back = ''",
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
