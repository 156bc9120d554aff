"""Settings for the tests: the product's own, with a test database of one's choice and quick passwords."""

import os

os.environ.setdefault("LEADLOOP_SECRET_KEY", "for-tests-only-0123456789-0123456789-0123456789-abcdef")

from config.settings import *  # noqa: F403
from config.settings import DATABASES, REST_FRAMEWORK

# Two runs on one server choose two names. pytest-xdist appends its worker to it.
if name := os.environ.get("LEADLOOP_TEST_DB"):
    DATABASES["default"]["TEST"] = {"NAME": name}
# Locks time out as in production; a test that thinks for long inside its transaction is not cut off.
DATABASES["default"]["OPTIONS"]["options"] = (
    "-c statement_timeout=30s -c lock_timeout=2s -c idle_in_transaction_session_timeout=10min"
)
DATABASES["default"]["CONN_MAX_AGE"] = 0

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Row numbers begin anew with every test, and so do the page groups.
LEADLOOP_PAGE_GROUPS_SECONDS = 0
CELERY_BROKER_URL = "memory://"
REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_CLASSES": []}
# Static files are found where they lie: nothing was collected.
WHITENOISE_AUTOREFRESH = True
