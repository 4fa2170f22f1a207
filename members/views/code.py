"""The page on which the code is typed: allauth's, with a new code that is as good as the first."""

from allauth.account.views import ConfirmLoginCodeView
from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from forum.kit import clock
from members.forms import refusal_of_code


class CodeView(ConfirmLoginCodeView):  # type: ignore[misc]  # allauth has no types
    """Typing the code, or asking for a new one."""

    def _resend_form_valid(self, form: Form) -> HttpResponse:
        """Sends a new code, which is counted like the first and good for as long and for as many tries."""
        login, state = self.stage.login, self._process.state
        refusal = refusal_of_code(state["email"])
        if refusal:
            messages.error(self.request, str(refusal.message))
            return redirect(self.passthrough_next_url(reverse("account_confirm_login_code")))
        login.initiated_at = state["at"] = clock.real().timestamp()
        state["failed_attempts"] = 0
        response: HttpResponse = super()._resend_form_valid(form)
        return response


code = CodeView.as_view()
