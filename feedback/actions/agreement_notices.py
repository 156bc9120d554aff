"""Who is told inside LeadLoop that the agreement waits for them, and that it has changed."""

from django.contrib.auth import get_user_model

from feedback.logic.rights import MANAGER, MARKETER, REP, Person
from leads.actions.notices import tell_many
from leads.models import Agreement, Notice, Side, SignOff

_OTHERS = {Side.MARKETING: (MANAGER, "Waits for sales"), Side.SALES: (MARKETER, "Waits for marketing")}


def tell_other_side(signature: SignOff) -> None:
    """Tell those who sign for the other side that this one has signed, unless they have signed the same text."""
    others = signature.agreement.signatures.exclude(side=signature.side)
    if others.filter(digest=signature.digest).exists():
        return
    role, words = _OTHERS[Side(signature.side)]
    _tell((role,), "agreement.waits", words, key=f"agreement:{signature.agreement.uid}:{signature.digest}:{role}")


def tell_published(agreement: Agreement, *, by: Person) -> None:
    """Tell everybody whom the agreement binds that another version is in force, but for who published it."""
    key = f"agreement:{agreement.uid}:published"
    _tell((REP, MANAGER, MARKETER), "agreement.published", str(agreement), key=key, without=by.user_id)


def _tell(roles: tuple[str, ...], kind: str, subject: str, *, key: str, without: int | None = None) -> None:
    users = get_user_model()._default_manager.filter(is_active=True, groups__name__in=roles).distinct()
    tell_many(
        Notice(user_id=user_id, kind=kind, subject=subject, dedup_key=f"{key}:{user_id}")
        for user_id in list(users.values_list("pk", flat=True))
        if user_id != without
    )
