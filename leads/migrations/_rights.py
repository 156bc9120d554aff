"""Giving a group the model permissions it needs, in a migration.

Django makes permissions after all migrations, in post_migrate; made here first, they are found there and left alone.
"""


def grant(apps, group_name, app_label, models):
    """Give the group e.g. {"policy": ("view", "change")} of an app; what it already has stays."""
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=group_name)
    for model, verbs in models.items():
        kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label=app_label, model=model)
        words = apps.get_model(app_label, model)._meta.verbose_name
        for verb in verbs:
            permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
                content_type=kind, codename=f"{verb}_{model}", defaults={"name": f"Can {verb} {words}"}
            )
            group.permissions.add(permission)
