"""Django's settings, in sections; the environment is read by forum.env and nowhere else."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
from django.utils.csp import CSP

from forum import env as environment
from forum import logs
from forum.kit.clock import Anchor

django_stubs_ext.monkeypatch()  # ModelAdmin[Meeting] and its like, as the type checker reads them

BASE_DIR = Path(__file__).resolve().parent.parent
ENV = environment.read(os.environ)
ENVIRONMENT = ENV.environment
PRODUCTION = ENVIRONMENT == "production"

# --- The portal -------------------------------------------------------------------------------------------

CLOCK = Anchor(shows=ENV.clock[0], at=ENV.clock[1]) if ENV.clock else None
SITE_URL = ENV.site_url
SITE_NAME = "Trust-wide CPD Leaders’ Forum"
SECRET_KEY = ENV.secret_key
LINKS_KEY = ENV.links_key  # never rotated: links already mailed and suppression hashes hang on it
DEMO_MAILDIR = ENV.demo_maildir

# --- Django -----------------------------------------------------------------------------------------------

DEBUG = False
ALLOWED_HOSTS = list(ENV.allowed_hosts)
ROOT_URLCONF = "forum.urls"
WSGI_APPLICATION = "forum.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "forum.apps.ForumAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_bootstrap5",
    "forum.kit",
    "forum.audit",
    "forum.outbox",
    "members",
    "meetings",
    "communities",
    "publications",
    "forum.apps.RoofConfig",
]
MIDDLEWARE = [
    "forum.middleware.RequestLogMiddleware",
    "forum.middleware.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "forum.middleware.BytesMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "forum.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "forum.middleware.PrivateMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "forum.page_cache.PageCacheMiddleware",
]
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
                "forum.desk.on_every_page",
            ],
            "builtins": ["forum.kit.templatetags.words", "crispy_forms.templatetags.crispy_forms_tags"],
        },
    }
]
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- Language and time: stored in UTC, decided and shown in London ----------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_TZ = True
USE_I18N = False

# --- Data -------------------------------------------------------------------------------------------------

DATABASES = {"default": ENV.database}
# Limits of signing in are counted here: they hold, and people get in, while the broker is away.
# No limit is thrown away before its time: Django would keep 300. members.tasks.tidy deletes what has run out.
# Visitors' pages are kept in each process; what they are kept under changes with every act.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "forum_limits",
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},
    },
    "pages": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "pages",
        "OPTIONS": {"MAX_ENTRIES": 500},
    },
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True  # unless somebody asks to be kept signed in

# --- People and sign-in: a code by email, no password anywhere --------------------------------------------

AUTH_USER_MODEL = "members.Person"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "forum.rights.OfficeBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "members.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 1800
ACCOUNT_LOGIN_TIMEOUT = 1800
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = 2
ACCOUNT_FORMS = {
    "request_login_code": "members.forms.CodeRequestForm",
    "confirm_login_code": "members.forms.CodeForm",
}
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_RATE_LIMITS = {
    "request_login_code": "60/m/ip,10/h/key",  # the key is an address and a network
    "passkey_options": "60/m/ip",
    "second_step": "5/5m/key",  # the key is a person and where they try: see members.forms
    "codes_to_address": "30/h/key",  # from all networks together, so that nobody floods a mailbox
}
ACCOUNT_EMAIL_NOTIFICATIONS = True
ALLAUTH_TRUSTED_PROXY_COUNT = ENV.proxies
MFA_ADAPTER = "members.adapter.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_ALLOW_UNVERIFIED_EMAIL = True  # a code sent to the address has opened every session
MFA_RATE_LIMITS = {
    "webauthn_login": "60/m/ip"
}  # a network may be a whole school, and nobody guesses a passkey
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
USERSESSIONS_TRACK_ACTIVITY = False

# --- Work in the background: Celery only wakes workers ----------------------------------------------------

REDIS_URL = ENV.redis_url
CELERY_BROKER_URL = ENV.celery_broker_url
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2, "socket_timeout": 3, "max_retries": 0}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SOFT_TIME_LIMIT = 300
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_BEAT_SCHEDULE = {
    "each minute: make calendars right": {"task": "meetings.tasks.reconcile", "schedule": 60.0},
    "each minute: send what is due": {"task": "forum.outbox.tasks.drain", "schedule": 60.0},
    "each minute: free what a dead worker held": {"task": "forum.outbox.tasks.sweep", "schedule": 60.0},
    "each ten minutes: put away what has run out of signing in": {
        "task": "members.tasks.tidy",
        "schedule": 600.0,
    },
}

# --- Mail: the outbox speaks SMTP itself; Django's mailer carries only sign-in codes ----------------------

MAIL_DOMAIN = ENV.mail_from.rpartition("@")[2]
MAIL_FROM = ENV.mail_from
MAIL_FROM_NAME = SITE_NAME
MAIL_HOST = ENV.mail_host
MAIL_PORT = ENV.mail_port
MAIL_USER = ENV.mail_user
MAIL_PASSWORD = ENV.mail_password
MAIL_TLS = ENV.mail_tls
MAIL_ALL_TO = ENV.mail_all_to
MAIL_RATE_PER_MINUTE = ENV.mail_rate_per_minute
LIST_ID = f"{SITE_NAME} <forum.{MAIL_DOMAIN}>"
DEFAULT_FROM_EMAIL = f"{SITE_NAME} <{MAIL_FROM}>"
MAILERS = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": MAIL_HOST,
            "port": MAIL_PORT,
            "username": MAIL_USER,
            "password": MAIL_PASSWORD,
            "use_tls": MAIL_TLS == "starttls",
            "use_ssl": MAIL_TLS == "tls",
            "timeout": 10,
        },
    }
}

# --- Files ------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = not PRODUCTION

# --- Safety -----------------------------------------------------------------------------------------------

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# The prefix keeps other hosts of the domain from setting these cookies; it needs https.
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrftoken"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = PRODUCTION and urlsplit(SITE_URL).scheme == "https"
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
CSRF_TRUSTED_ORIGINS = [SITE_URL]

# --- Logs: one line of named facts for each event ---------------------------------------------------------

LOGGING = logs.settings(production=PRODUCTION)
