"""What a browser would send of a form as the page shows it."""

from html.parser import HTMLParser


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value")
        if tag == "input" and name:
            is_box = given.get("type") in ("checkbox", "radio")
            if not is_box or "checked" in given:
                self.sent.setdefault(name, []).append(value if value is not None else "on" if is_box else "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            self.sent.setdefault(self._select, []).append(value or "")
        elif tag == "textarea":
            self._area = name
            self.sent[name] = [""]

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            # Without a choice a browser sends the first, which stands for none in these forms.
            self.sent.setdefault(self._select, [""])
            self._select = ""
        elif tag == "textarea":
            self.sent[self._area][0] = self.sent[self._area][0].removeprefix("\n")
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.sent[self._area][0] += data


def filled(html: str) -> dict[str, list[str]]:
    """Every field of the page with the values it would send."""
    fields = _Fields()
    fields.feed(html)
    return fields.sent
