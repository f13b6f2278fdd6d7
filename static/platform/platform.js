// Behaviour that any page may ask for by data attributes. No page has a script of its own inline.
(() => {
  "use strict";

  // data-once: a form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const asking = event.submitter?.dataset.confirm || form.dataset.confirm;
    if (asking && !window.confirm(asking)) {
      event.preventDefault();
      return;
    }
    if (!("once" in form.dataset)) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    for (const button of form.querySelectorAll("button[type=submit]")) {
      button.classList.add("kp-button-busy");
      button.setAttribute("aria-disabled", "true");
    }
  });

  // data-once also: a form that is come back to, or loaded again, keeps its number. So sending it
  // once more leads to what it has made instead of making (and paying for) another.
  document.addEventListener("DOMContentLoaded", () => {
    for (const key of document.querySelectorAll("form[data-once] input[name=key]")) {
      if (window.history.state?.formKey) key.value = window.history.state.formKey;
      window.history.replaceState({ ...window.history.state, formKey: key.value }, "");
    }
  });

  // Coming back to a page that the browser has kept, its forms may be sent again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll(".kp-button-busy")) {
        button.classList.remove("kp-button-busy");
        button.removeAttribute("aria-disabled");
      }
    }
  });

  // data-copy: puts its value on the clipboard.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    event.preventDefault();
    await copy(button.dataset.copy);
    const icon = button.querySelector(".material-symbols-outlined");
    icon.textContent = "check";
    window.setTimeout(() => { icon.textContent = "content_copy"; }, 1500);
  });

  async function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    // Plain http has no clipboard but for this.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }

  // data-clock-since: minutes and seconds since a moment.
  window.setInterval(() => {
    for (const clock of document.querySelectorAll("[data-clock-since]")) {
      const total = Math.max(0, Math.floor((Date.now() - Date.parse(clock.dataset.clockSince)) / 1000));
      const pad = (number) => String(number).padStart(2, "0");
      const hours = Math.floor(total / 3600);
      const minutes = Math.floor(total / 60) % 60;
      clock.textContent = hours
        ? `${hours}:${pad(minutes)}:${pad(total % 60)}`
        : `${minutes}:${pad(total % 60)}`;
    }
  }, 1000);

  // A refresh that was sent to the login page means that the session is over.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (new URL(event.detail.xhr.responseURL).pathname.endsWith("/login/")) {
      event.detail.shouldSwap = false;
      window.location.reload();
    }
  });
})();
