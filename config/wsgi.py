"""The web process: gunicorn config.wsgi:application."""

import gc
import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class Request(WSGIRequest):
    """A request that survives a header naming an encoding which is none for text (hex, rot13, idna, undefined).

    Django decodes the query string by that header before any middleware could refuse it. Here the header has no say,
    and leads.middleware.ReadableMiddleware refuses the request.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = "", {"charset": "none"}
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]  # the stubs leave it out
        except (LookupError, UnicodeError):
            self._encoding = None


class Handler(WSGIHandler):
    """Django's own, with our Request."""

    request_class = Request


django.setup(set_prefix=False)
application = Handler()
# What is there now stays: not to look through it again and again is worth a tenth of a batch's time.
gc.collect()
gc.freeze()
