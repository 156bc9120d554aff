"""Where the rooms are that messages of the channel "chat" name. The app above knows; nothing here does."""

from collections.abc import Callable

_finders: list[Callable[[str], str | None]] = []


def register(finder: Callable[[str], str | None]) -> None:
    """Have `finder(target)` asked for the address of a room: None when it is no longer in use, InvalidInput when
    nothing may be sent there. Called once, when the app above starts.
    """
    if finder not in _finders:
        _finders.append(finder)


def address_of(target: str) -> str | None:
    """The address of the room, in the notation of Apprise; None when nobody knows it. InvalidInput."""
    return next((found for finder in _finders if (found := finder(target))), None)
