"""The page of an account, and who is sales-ready but was not offered."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from feedback.logic.rights import MANAGER, MARKETER, OPERATIONS
from feedback.middleware import PageRequest
from feedback.pages.accounts import account_page
from feedback.pages.held_back import held_back_page
from feedback.reports.accounts import account_detail, with_sales
from leads.logic.errors import NotAllowed
from leads.logic.text import one_line
from leads.reports.agreements import in_force
from leads.reports.held_back import ACCOUNTS, PEOPLE, Wanted, rules_of_held_back
from leads.reports.held_back import held_back as read_held_back

_LONGEST_QUERY = 100


@require_safe
def account(request: PageRequest, uid: UUID) -> HttpResponse:
    """What is known of an account, who is there, what they do, and its handoffs as far as the reader may see them."""
    now = timezone.now()
    found = account_detail(uid, person=request.person, now=now)
    return render(request, "feedback/account.html", {"account": account_page(found, now=now), "now": now})


@require_safe
def held_back(request: PageRequest) -> HttpResponse:
    """Who meets a rule of the agreement and was not offered, since when, and why not."""
    person = request.person
    if not person.roles & {MARKETER, OPERATIONS, MANAGER}:
        raise NotAllowed("Who is held back is looked at by marketing, operations and managers.")
    ruling = in_force()
    labels = {rule.key: rule.label for rule in ruling.agreement.rules} if ruling else {}
    rules = {key: labels.get(key, key) for key in rules_of_held_back()}
    who, rule = request.GET.get("who", ""), request.GET.get("rule", "")
    wanted = Wanted(
        who=who if who in {PEOPLE, ACCOUNTS} else "",
        rule=rule if rule in rules else "",
        query=one_line(request.GET.get("q", ""), field="q", longest=_LONGEST_QUERY),
        after=request.GET.get("after", ""),
    )
    page = held_back_page(read_held_back(wanted, without=with_sales()), wanted=wanted, rules=rules, person=person)
    return render(request, "feedback/held_back.html", {"page": page, "now": timezone.now()})
