"""The page of an account, and who is sales-ready but was not offered."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from feedback.logic.rights import MANAGER, MARKETER, OPERATIONS
from feedback.middleware import PageRequest
from feedback.pages.accounts import account_page
from feedback.pages.held_back import held_back_page
from feedback.reports.accounts import account_detail, with_sales
from leads.actions import waking
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
    _allowed(request)
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
    found = read_held_back(wanted, without=with_sales())
    page = held_back_page(found, wanted=wanted, rules=rules, person=request.person)
    return render(request, "feedback/held_back.html", {"page": page, "now": timezone.now()})


@require_POST
def look_again(request: PageRequest) -> HttpResponse:
    """Have everybody who is held back judged anew now, rather than tomorrow."""
    _allowed(request)
    count = waking.look_again()
    few = {0: "All are looked at again already", 1: "1 is looked at again"}
    words = few.get(count, f"{count} are looked at again")
    messages.success(request, f"{words}, in a moment. Who may be offered now leaves this page.")
    return redirect("feedback:held-back")


def _allowed(request: PageRequest) -> None:
    if not request.person.roles & {MARKETER, OPERATIONS, MANAGER}:
        raise NotAllowed("Who is held back is looked at by marketing, operations and managers.")
