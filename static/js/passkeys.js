// Passkeys: asks the server for a challenge when the button is pressed, lets the browser answer it, sends the form.
// The form says what for: data-passkey is "sign-in", "second-step", "confirm" or "new".
(() => {
  "use strict";
  if (!window.PublicKeyCredential || !window.webauthnJSON) return;

  async function ask(form) {
    const body = new FormData();
    body.append("purpose", form.dataset.passkey);
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    const answer = await fetch(form.dataset.options, { method: "POST", body, credentials: "same-origin" });
    const options = await answer.json();
    if (!answer.ok) throw new Error(options.problem);
    return form.dataset.passkey === "new" ? window.webauthnJSON.create(options) : window.webauthnJSON.get(options);
  }

  function say(form, words) {
    const place = form.querySelector(".problem");
    place.textContent = words;
    place.hidden = !words;
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const button = form.querySelector("button[hidden]");
    button.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      say(form, "");
      button.disabled = true;
      try {
        form.elements.credential.value = JSON.stringify(await ask(form));
        form.submit();
      } catch (fault) {
        button.disabled = false;
        const gaveUp = fault.name === "NotAllowedError" || fault.name === "AbortError";
        say(form, gaveUp ? "The browser was given no passkey. Try again when you are ready." : fault.message);
      }
    });
  }
})();
