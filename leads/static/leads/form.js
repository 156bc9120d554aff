// LeadLoop's forms on a website: asks for the token of a form once somebody begins to fill it in, so that it can be sent
// without being asked again. Sends nothing of what is typed, keeps nothing.
(() => {
  try {
    const forms = new URL("forms/", document.currentScript.src).href;
    addEventListener("focusin", ({ target }) => {
      const form = target.form;
      // Not form.action: a field of that name would be in its place.
      const action = form?.getAttribute("action") ?? "";
      if (!action.startsWith(forms) || form.querySelector("[name=leadloop_token]")) return;
      const field = form.appendChild(document.createElement("input"));
      field.type = "hidden";
      field.name = "leadloop_token";
      fetch(`${action}token/`, { credentials: "omit" })
        .then((answer) => answer.json())
        .then((given) => { field.value = given.token })
        .catch(() => field.remove());
    });
    // Whoever comes back to a form that was sent writes a new one: a token is good for one.
    addEventListener("pageshow", ({ persisted }) => {
      if (persisted) document.querySelectorAll("[name=leadloop_token]").forEach((field) => field.remove());
    });
  } catch {}
})();
