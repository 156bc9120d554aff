"""The rules that a replay judges by, frozen when it is asked for: a draft, a version, or all in force with one new."""

from collections.abc import Mapping, Sequence
from typing import Any

from feedback.models import Rep
from leads.logic.errors import InvalidInput, NotFound
from sla.logic.business_time import Calendar
from sla.logic.replay_facts import Judge
from sla.logic.rules import OF_OWNER, OF_REGION, Rules
from sla.models import CalendarVersion, Policy, PolicyVersion, WorkCalendar
from sla.reports.drafts import document_of, whole
from sla.reports.rules import Uses, in_force

DRAFT = "draft"
_ALWAYS = {"valid_from": "1970-01-01T00:00:00+00:00", "valid_until": None}
_MOST_VERSIONS = 12


def document_to_judge(policy: Policy, version: str) -> dict[str, Any]:
    """The rules of a policy as edited (DRAFT), as in force (""), or as published under a number.

    NotFound where there is no such version. InvalidInput for a draft that could not be published.
    """
    if version == DRAFT:
        document = document_of(whole(Policy.objects.all()).get(pk=policy.pk))
        Rules.from_dict(document)
        return document
    versions = policy.versions.order_by("-number")
    if version:
        if not (version.isascii() and version.isdecimal() and len(version) <= 9):
            raise InvalidInput("version must be a number, or draft.", field="version")
        found = versions.filter(number=int(version)).first()
    else:
        found = versions.exclude(applies_to="report").first()
    if found is None:
        raise NotFound(f"{policy} has no such version.")
    rules: dict[str, Any] = found.rules
    return rules


def rules_alone(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a replay is to keep so that `document` alone is judged: everything else promises nothing.

    It is judged as if it had been valid all along, or a draft could never be looked at before it is published.
    """
    return _frozen([dict(document) | _ALWAYS])


def rules_among(document: Mapping[str, Any], *, policy_id: int) -> dict[str, Any]:
    """What a replay is to keep so that all rules in force are judged, with `document` in the place of its policy's.

    That one is judged as if it had been valid all along; the others keep their days.
    """
    ids = [version_id for version_id, _ in in_force()]
    others = PolicyVersion.objects.filter(pk__in=ids).exclude(policy=policy_id)
    documents = [
        (rules.get("position", 0), number, rules) for number, rules in others.values_list("policy_id", "rules")
    ]
    documents.append((document.get("position", 0), policy_id, dict(document) | _ALWAYS))
    ordered = sorted(documents, key=lambda one: one[:2])
    return _frozen([rules for _, _, rules in ordered if rules.get("is_active", True)])


def judge_of(kept: Mapping[str, Any]) -> Judge:
    """The judge of rules that were kept. InvalidInput as Rules.from_dict and Calendar.from_dict."""
    calendars = {uid: Calendar.from_dict(hours) for uid, hours in kept["calendars"].items()}
    rules = tuple(Rules.from_dict(document) for document in kept["policies"])
    return Judge(
        rules,
        tuple(calendars[one.calendar] for one in rules),
        of_reps={int(rep): calendars[uid] for rep, uid in kept["reps"].items()},
        of_countries={country: calendars[uid] for country, uid in kept["countries"].items()},
    )


def _frozen(documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    counted_in = {target.get("counts_in", "") for document in documents for target in document["targets"].values()}
    uses = Uses.read() if counted_in & {OF_OWNER, OF_REGION} else Uses({}, {}, {})
    hours = _hours({document["calendar"] for document in documents} | {*uses.by_rep.values(), *uses.by_team.values()})
    hours |= _hours(set(uses.by_country.values()) - set(hours))
    reps = Rep.objects.values_list("pk", "team_id") if OF_OWNER in counted_in else ()
    of_reps = {str(rep): uid for rep, team in reps if (uid := uses.of_rep(rep, team_id=team)) in hours}
    of_countries = {country: uid for country, uid in uses.by_country.items() if uid in hours}
    return {
        "policies": list(documents),
        "calendars": hours,
        "reps": of_reps if OF_OWNER in counted_in else {},
        "countries": of_countries if OF_REGION in counted_in else {},
    }


def _hours(uids: set[str]) -> dict[str, dict[str, Any]]:
    """The hours of these calendars by uid: as last published, as edited where they never were."""
    latest = (
        CalendarVersion.objects.filter(calendar__uid__in=uids)
        .order_by("calendar_id", "-number")
        .distinct("calendar_id")
        .values_list("calendar__uid", "hours")
    )
    found = {str(uid): hours for uid, hours in latest}
    for calendar in WorkCalendar.objects.filter(uid__in=uids - set(found)):
        found[str(calendar.uid)] = calendar.as_dict()
    return found


def policies_to_judge() -> list[tuple[Policy, list[int]]]:
    """Every policy in the order in which they are tried, with the numbers of its latest versions; two statements."""
    policies = Policy.objects.order_by("position", "pk").prefetch_related("versions")
    return [(policy, [version.number for version in policy.versions.all()][:_MOST_VERSIONS]) for policy in policies]
