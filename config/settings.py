"""Settings of the LeadLoop site. Everything that differs between installations comes from the environment.

| variable | meaning | default |
|---|---|---|
| DATABASE_URL | PostgreSQL | libpq's own defaults, database leadloop |
| CELERY_BROKER_URL | Redis or Valkey | redis://localhost:6379/0 |
| LEADLOOP_ORIGIN | the address people type; https:// makes cookies, HSTS and redirects strict | http on loopback |
| LEADLOOP_SECRET_KEY | signing key | the file var/secret_key, which ./dev makes once |
| LEADLOOP_ALLOWED_HOSTS | comma separated | loopback and the host of LEADLOOP_ORIGIN |
| LEADLOOP_EMAIL_HOST, _PORT, _USER, _PASSWORD, _FROM | SMTP with STARTTLS | mails become files in var/mail |
| LEADLOOP_PROXY_COUNT | own proxies that append to X-Forwarded-For | 1 with https, else 0 |
| LEADLOOP_ENGAGEMENT_MONTHS | how long engagements and their counts are kept; 0 for ever | 25 |
| LEADLOOP_UNDO_SECONDS | how long a decision can be undone | 300 |
| LEADLOOP_DIGEST_ABOVE, _MINUTES | so many single messages a person, in so many minutes; the rest in a digest | 5, 15 |
| LEADLOOP_CHAT_SCHEMES | comma separated: how chat addresses begin | slack,workflow(s),gchat,discord,mmost(s) |
| LEADLOOP_CHAT_PRIVATE | 1 when chat rooms may be on this machine or in a network of one's own | off |
| LEADLOOP_TIME_ZONE | zone of readers who have not chosen one | UTC |
| LEADLOOP_ROLE | web, worker or command: how long a statement may take | web |
| LEADLOOP_DEBUG | 1 for Django's error pages | off |
| LEADLOOP_VAR | folder for everything written at run time | var/ |
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from whitenoise.compress import Compressor

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("LEADLOOP_VAR") or BASE_DIR / "var")
ROLE = os.environ.get("LEADLOOP_ROLE") or "web"
ORIGIN = os.environ.get("LEADLOOP_ORIGIN", "").rstrip("/")
IS_HTTPS = ORIGIN.startswith("https://")


def _secret_key() -> str:
    """The signing key, from the environment or from the file that the launcher made. Raises ImproperlyConfigured."""
    path = VAR_DIR / "secret_key"
    key = os.environ.get("LEADLOOP_SECRET_KEY") or (path.read_text().strip() if path.is_file() else "")
    if not key:
        raise ImproperlyConfigured("Set LEADLOOP_SECRET_KEY, or start with ./dev, which makes var/secret_key once.")
    return key


SECRET_KEY = _secret_key()
DEBUG = os.environ.get("LEADLOOP_DEBUG") == "1"
ALLOWED_HOSTS = [host for host in os.environ.get("LEADLOOP_ALLOWED_HOSTS", "").split(",") if host] or [
    host for host in ("localhost", "127.0.0.1", "[::1]", urlsplit(ORIGIN).hostname) if host
]

INSTALLED_APPS = [
    "sla",
    "feedback",
    "leads",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "csp",
    "django_filters",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "leads.middleware.ReadableMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # A page nobody thought about asks for a login; a public one says so with @login_not_required.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "feedback.middleware.PersonMiddleware",
    "leads.middleware.ZoneMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "feedback.context.shell",
            ],
        },
    },
]

# --- Database -------------------------------------------------------------------------------------------------------

# A hung statement, lock or forgotten transaction must end by itself. Commands migrate and import: only they may wait.
_DATABASE_LIMITS = {
    "web": {"statement_timeout": "5s", "lock_timeout": "2s", "idle_in_transaction_session_timeout": "15s"},
    "worker": {"statement_timeout": "30s", "lock_timeout": "2s", "idle_in_transaction_session_timeout": "15s"},
    "command": {"statement_timeout": "0", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "10min"},
}
if ROLE not in _DATABASE_LIMITS:
    raise ImproperlyConfigured(f"LEADLOOP_ROLE is one of {', '.join(_DATABASE_LIMITS)}, not {ROLE!r}.")
DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("DATABASE_URL") or "postgres:///leadloop", conn_max_age=60, conn_health_checks=True
    )
}
DATABASES["default"].setdefault("OPTIONS", {}).update(
    connect_timeout=5,
    application_name=f"leadloop-{ROLE}",
    options=" ".join(f"-c {name}={value}" for name, value in _DATABASE_LIMITS[ROLE].items()),
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People, pages, files -------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["leads.backends.ThrottledBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "leads.password_validators.ReadableValidator"},
    {"NAME": "leads.password_validators.ContextValidator"},
]
# How long the link in a mail for a new password is good.
PASSWORD_RESET_TIMEOUT = 3600
SESSION_ENGINE = "leads.sessions"
LOGIN_URL = "leads:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "leads:login"

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("LEADLOOP_TIME_ZONE") or "UTC"

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
MEDIA_URL = "media/"
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static.StaticStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")

EMAIL_HOST = os.environ.get("LEADLOOP_EMAIL_HOST", "")
EMAIL_BACKEND = "leads.smtp.EmailBackend" if EMAIL_HOST else "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
EMAIL_PORT = int(os.environ.get("LEADLOOP_EMAIL_PORT") or 587)
EMAIL_HOST_USER = os.environ.get("LEADLOOP_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("LEADLOOP_EMAIL_PASSWORD", "")
EMAIL_USE_TLS = EMAIL_PORT == 587
EMAIL_USE_SSL = EMAIL_PORT == 465
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("LEADLOOP_EMAIL_FROM") or "LeadLoop <leadloop@localhost>"

# --- Browser security -----------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
# The __Host- prefix makes the browser refuse the cookie over http or from a sibling host. Plain http cannot use it.
SESSION_COOKIE_NAME = "__Host-leadloop_session" if IS_HTTPS else "leadloop_session"
CSRF_COOKIE_NAME = "__Host-leadloop_csrf" if IS_HTTPS else "leadloop_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [ORIGIN] if ORIGIN else []
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_HTTPS else 0
# gunicorn speaks http: with an https origin a proxy ends TLS, and must overwrite this header.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
# Subdomains and the preload list bind the whole domain: its owner decides that, not this add-on.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# A draft of the agreement is one form: forty terms of each kind, twenty rules with their counts. Every other page takes
# a thousand (leads.middleware).
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4_000

# --- API ------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["leads.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["leads.api.parsers.StrictJsonParser"],
    "DEFAULT_THROTTLE_CLASSES": ["leads.api.throttles.KeyThrottle"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "leads.api.errors.problem_response",
    "PAGE_SIZE": 100,
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    # Handoffs and clocks both have a state.
    "ENUM_NAME_OVERRIDES": {"HandoffStateEnum": "feedback.api.serializers.STATES"},
    "TITLE": "LeadLoop API",
    "DESCRIPTION": "Hand leads to sales, hear what became of them.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "leads.api.described.shared_by_all",
    ],
    "GET_LIB_DOC_EXCLUDES": "leads.api.described.unsaid",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
}

# --- Celery: a doorbell, never a store. The schedule stands in config/celery.py --------------------------------------

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL") or "redis://localhost:6379/0"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    # A frozen broker may not slow a click: the sweep finds what a lost nudge would have announced.
    "socket_timeout": 0.3 if ROLE == "web" else 10,
    "socket_connect_timeout": 0.3 if ROLE == "web" else 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
}
CELERY_TASK_PUBLISH_RETRY = ROLE != "web"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_TIME_LIMIT = 120
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# --- LeadLoop itself ------------------------------------------------------------------------------------------------

# Where links in mails lead.
LEADLOOP_ORIGIN = ORIGIN or "http://localhost:8000"
# How many proxies of our own stand in front and append to X-Forwarded-For; with an https origin there is at least one.
LEADLOOP_PROXY_COUNT = int(os.environ.get("LEADLOOP_PROXY_COUNT") or IS_HTTPS)
# For how long a process goes on with the page groups it has read.
LEADLOOP_PAGE_GROUPS_SECONDS = 5
# Engagements older than so many months are removed; 0 keeps them for ever.
LEADLOOP_ENGAGEMENT_MONTHS = int(os.environ.get("LEADLOOP_ENGAGEMENT_MONTHS") or 25)
# How long who decided can take the decision back.
LEADLOOP_UNDO_SECONDS = int(os.environ.get("LEADLOOP_UNDO_SECONDS") or 300)
# How many single messages of the ladder a person gets in so many minutes; what is above them leaves in one digest.
LEADLOOP_DIGEST_ABOVE = int(os.environ.get("LEADLOOP_DIGEST_ABOVE") or 5)
LEADLOOP_DIGEST_MINUTES = int(os.environ.get("LEADLOOP_DIGEST_MINUTES") or 15)
# What chat addresses may begin with, in the notation of Apprise.
LEADLOOP_CHAT_SCHEMES = [scheme for scheme in os.environ.get("LEADLOOP_CHAT_SCHEMES", "").split(",") if scheme] or [
    "slack",
    "workflow",
    "workflows",
    "gchat",
    "discord",
    "mmost",
    "mmosts",
]
# Whether a chat address may be localhost or the number of a network of one's own.
LEADLOOP_CHAT_PRIVATE = os.environ.get("LEADLOOP_CHAT_PRIVATE") == "1"

# --- Logging --------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "config.logs.OneLine", "format": "{asctime} {levelname} {name}: {message}", "style": "{"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        # Every address somebody mistypes would be a warning.
        "django.request": {"level": "ERROR"},
        **{name: {"level": "INFO"} for name in ("config", "leads", "feedback", "sla")},
    },
}
