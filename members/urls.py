"""Addresses of the first storey. Those that allauth looks up by its own names stand outside the namespace."""

from allauth.account import views as allauth
from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.generic import RedirectView

from members import views

app_name = "members"
urlpatterns = [
    path("mail/<str:token>/", views.mail, name="mail"),
    path("sign-in/link/<str:token>/", views.one_time_link, name="one-time-link"),
    path("sign-in/passkey/options/", views.passkey_options, name="passkey-options"),
]

sign_in = [
    path("sign-in/", allauth.request_login_code, name="account_login"),
    path("sign-in/", allauth.request_login_code, name="account_request_login_code"),
    path("sign-in/code/", views.code, name="account_confirm_login_code"),
    path("sign-in/second-step/", views.second_step, name="mfa_authenticate"),
    path("sign-in/passkey/", views.passkey_sign_in, name="mfa_login_webauthn"),
    path("sign-in/confirm/", views.confirm, name="mfa_reauthenticate"),
    path("sign-in/confirm/", views.confirm, name="mfa_reauthenticate_webauthn"),
    path("sign-in/confirm/", views.confirm, name="account_reauthenticate"),
    path("sign-in/closed/", allauth.account_inactive, name="account_inactive"),
    path("sign-out/", allauth.logout, name="account_logout"),
    path(
        "join/",
        login_not_required(RedirectView.as_view(pattern_name="publications:contact")),
        name="account_signup",
    ),
    path("me/sessions/", views.sessions, name="usersessions_list"),
    path("me/two-step/", views.overview, name="mfa_index"),
    path("me/two-step/app/", views.app, name="mfa_activate_totp"),
    path("me/two-step/app/remove/", views.remove_app, name="mfa_deactivate_totp"),
    path("me/two-step/passkeys/new/", views.new_passkey, name="mfa_add_webauthn"),
    path("me/two-step/passkeys/<int:pk>/remove/", views.remove_passkey, name="mfa_remove_webauthn"),
    path("me/two-step/codes/", views.recovery_codes, name="mfa_view_recovery_codes"),
]
