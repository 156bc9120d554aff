"""Checking a password, whichever page or door asks for it; tries are limited here and nowhere else."""

import ipaddress
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.crypto import get_random_string, salted_hmac

from leads.actions import logins
from leads.password_validators import LONGEST_PASSWORD

USER_LIMIT, NETWORK_LIMIT, PAIR_LIMIT, DEVICE_LIMIT = 20, 100, 5, 10
DEVICE_COOKIE = "leadloop_device"
DEVICE_DAYS = 180


class ThrottledBackend(ModelBackend):
    """Django's own check behind the counters of leads.actions.logins.

    Failures within 15 minutes: 5 per user name and network, 20 per user name, 100 per network. A device that signed
    this user in before has 10 of its own instead of the first two, so nobody can lock somebody out of their own
    machine. A user name is the same in any case.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """The user, or None. PermissionDenied, which the login form shows like a wrong password, when there were too
        many tries.
        """
        if username is None or password is None or "\x00" in username or len(password) > LONGEST_PASSWORD:
            return None
        limits = _limits(request, username)
        if not logins.count_try(limits):
            raise PermissionDenied
        # Asked for whoever it is, so that a name that is known takes no longer than one that is not.
        known = User.objects.filter(username__iexact=username).values_list("username", flat=True).first()
        user = super().authenticate(request, username=known or username, password=password, **kwargs)
        if user is not None:
            own = [key for key in limits if key.startswith(("pair:", "device:"))]
            logins.count_success([key for key in limits if key not in own], cleared=own)
        return user


def device_mark(username: str) -> str:
    """The value of the cookie that makes this device known for `username`; to be signed."""
    return f"{_hash('device', username.casefold())}.{get_random_string(16)}"


def may_try(request: HttpRequest) -> bool:
    """Whether the network that asks has a try left, at a door that asks for no password; counts as one."""
    return logins.count_try({f"net:{_hash('net', network_of(request))}": NETWORK_LIMIT})


def _limits(request: HttpRequest | None, username: str) -> dict[str, int]:
    name = username.casefold()
    user = f"user:{_hash('user', name)}"
    if request is None:
        return {user: USER_LIMIT}
    network = network_of(request)
    limits = {f"net:{_hash('net', network)}": NETWORK_LIMIT}
    device = request.get_signed_cookie(DEVICE_COOKIE, default="", max_age=DEVICE_DAYS * 24 * 3600) or ""
    owner, _, mark = device.partition(".")
    if mark and owner == _hash("device", name):
        return limits | {f"device:{_hash('mark', mark)}": DEVICE_LIMIT}
    return limits | {user: USER_LIMIT, f"pair:{_hash('pair', f'{name} {network}')}": PAIR_LIMIT}


def network_of(request: HttpRequest) -> str:
    """The address a request comes from, IPv6 by its /64. X-Forwarded-For counts only as far as our own proxies wrote
    it.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if proxies := settings.LEADLOOP_PROXY_COUNT:
        hops = request.headers.get("X-Forwarded-For", "")[-2000:].split(",")
        address = hops[-proxies].strip() if len(hops) >= proxies else address
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)


def _hash(salt: str, value: str) -> str:
    return salted_hmac(f"leadloop.login.{salt}", value, algorithm="sha256").hexdigest()[:32]
