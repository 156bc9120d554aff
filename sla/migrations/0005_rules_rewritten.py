"""Rules written before calendars had versions are put in the form that names them; what they promise stays the same."""

import datetime as dt
from functools import partial

from django.db import migrations
from django.utils import timezone

USUAL = {"counts_in": "policy", "starts": [], "stops": [], "cancels": [], "runs_through": []}


def rewrite(apps, schema_editor):
    model = partial(apps.get_model, "sla")
    schema_editor.execute("ALTER TABLE sla_policyversion DISABLE TRIGGER policyversion_stays")
    for policy in model("Policy").objects.select_related("team", "calendar"):
        conditions = []
        if policy.team:
            conditions.append({"field": "team", "operator": "eq", "value": policy.team.name})
        if policy.channel:
            conditions.append({"field": "channel", "operator": "eq", "value": policy.channel})
        model("Condition").objects.bulk_create(model("Condition")(policy=policy, **one) for one in conditions)
    teams = {str(team.uid): team.name for team in apps.get_model("feedback", "Team").objects.all()}
    for version in model("PolicyVersion").objects.select_related("policy__calendar").order_by("policy_id", "number"):
        _rewrite(model, version, teams)
    for calendar in model("WorkCalendar").objects.all():
        last = model("CalendarVersion").objects.filter(calendar=calendar).order_by("-number").first()
        if last is None or last.hours != _hours(calendar):
            _publish(model, calendar, _hours(calendar), moment=timezone.now())
    schema_editor.execute("ALTER TABLE sla_policyversion ENABLE TRIGGER policyversion_stays")


def _rewrite(model, version, teams):
    policy, rules = version.policy, version.rules
    calendar = _version(model, policy.calendar, rules["calendar"], moment=version.published_at)
    conditions = [
        {"field": field, "operator": "eq", "value": value}
        for field, value in (("team", teams.get(rules["team"], "")), ("channel", rules["channel"]))
        if value
    ]
    version.rules = {
        "name": rules["name"],
        "position": policy.position,
        "is_active": policy.is_active,
        "hop_limit": policy.hop_limit,
        "valid_from": rules["valid_from"],
        "valid_until": rules["valid_until"],
        "calendar": str(policy.calendar.uid),
        "conditions": conditions,
        "targets": {key: {**target, **USUAL} for key, target in rules["targets"].items()},
    }
    version.save(update_fields=["rules"])
    for clock in model("Clock").objects.filter(version=version):
        target = rules["targets"][clock.target]
        clock.calendar_version = calendar
        clock.amount = dt.timedelta(minutes=target["minutes"])
        waiting = {}
        for place, step in enumerate(target["steps"]):
            waiting.setdefault(step["action"], []).append(place)
        clock.step_refs = [-1 if action == "breach" else waiting[action].pop(0) for action in clock.step_actions]
        clock.save(update_fields=["calendar_version", "amount", "step_refs"])


def _hours(calendar):
    days = {day.on.isoformat(): day.intervals for day in calendar.exceptions.all()}
    return {
        "timezone": calendar.timezone,
        "weekly": calendar.weekly,
        "holidays": sorted(on for on, intervals in days.items() if not intervals),
        "date_overrides": {on: intervals for on, intervals in sorted(days.items()) if intervals},
    }


def _version(model, calendar, hours, *, moment):
    found = model("CalendarVersion").objects.filter(calendar=calendar, hours=hours).first()
    return found or _publish(model, calendar, hours, moment=moment)


def _publish(model, calendar, hours, *, moment):
    versions = model("CalendarVersion").objects.filter(calendar=calendar)
    return versions.create(
        calendar=calendar, number=versions.count() + 1, hours=hours, moves_running=False, published_at=moment
    )


class Migration(migrations.Migration):
    dependencies = [("sla", "0004_rules_and_versions")]
    operations = [migrations.RunPython(rewrite)]
