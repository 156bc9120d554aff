"""Publishing SLA rules: from what admins edit to what clocks run under."""

from django.db import transaction

from leads.actions import journal
from leads.actions.clock import database_now
from leads.logic.actors import Actor
from leads.logic.errors import NotFound, StateConflict
from sla.actions.calendars import publish_calendar
from sla.actions.excuses import readjust
from sla.actions.moves import migrate
from sla.logic.rules import Rules
from sla.logic.rules_document import complete
from sla.models import AppliesTo, Policy, PolicyVersion
from sla.reports.drafts import document_of, seen_of, whole


@transaction.atomic
def publish(
    policy_id: int, *, by: Actor, applies_to: AppliesTo = AppliesTo.NEW, seen: str | None = None
) -> PolicyVersion:
    """The version made of the draft, or the latest when neither its rules nor what it applies to differ.

    With AppliesTo.RUNNING, clocks that run under earlier versions of this policy run under this one from now on;
    otherwise they keep theirs. `seen` is what drafts.seen_of said when somebody looked: StateConflict when that has
    changed since. NotFound; InvalidInput(<field>) for what cannot be run, and then nothing is published. Publishes the
    calendar where it never was. Locks the policy. Journals policy.published.
    """
    # Locked first and read afterwards: what is joined in a locking statement is as it was before the wait.
    if Policy.objects.select_for_update().filter(pk=policy_id).first() is None:
        raise NotFound("There is no such policy.")
    policy = whole(Policy.objects.all()).get(pk=policy_id)
    if seen is not None and seen != seen_of(policy):
        raise StateConflict("Somebody changed or published this policy since you opened the page. Look at it again.")
    rules = document_of(policy)
    Rules.from_dict(rules)
    if not policy.calendar.versions.exists():
        publish_calendar(policy.calendar_id, by=by)
    latest = policy.versions.order_by("-number").first()
    if latest and complete(latest.rules) == rules and latest.applies_to == applies_to:
        return latest
    at = database_now()
    version = PolicyVersion.objects.create(
        policy=policy,
        number=latest.number + 1 if latest else 1,
        rules=rules,
        applies_to=applies_to,
        published_at=at,
        published_by_id=by.user_id,
    )
    journal.record(
        journal.Entry(
            kind="policy.published",
            by=by,
            at=at,
            data={
                "policy": str(policy.uid),
                "version": str(version.uid),
                "number": version.number,
                "applies_to": applies_to.value,
            },
        )
    )
    if applies_to == AppliesTo.RUNNING:
        migrate(policy.pk, to=version, at=at)
        readjust()
    return version
