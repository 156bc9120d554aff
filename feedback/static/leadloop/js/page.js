// What every page needs around htmx: the CSRF token, scroll and focus across swaps, and words when an answer does not come.
"use strict";

(() => {
  const kept = new Map();

  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector('meta[name="csrf-token"]')?.content;
    if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token;
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    // A refusal that knows its place says so; anything else that failed is a page nobody wants inside this one.
    const { xhr } = event.detail;
    if (xhr.status >= 400) {
      event.detail.shouldSwap = Boolean(xhr.getResponseHeader("HX-Retarget"));
      event.detail.isError = !event.detail.shouldSwap;
    }
    kept.clear();
    for (const box of document.querySelectorAll("[data-keep-scroll][id]")) kept.set(box.id, box.scrollTop);
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    for (const [id, top] of kept) {
      const box = document.getElementById(id);
      if (box) box.scrollTop = top;
    }
    const target = event.detail.elt;
    if (target?.id !== "handoff") return;
    target.closest(".pane-detail")?.scrollTo(0, 0);
    // Beside a list its name stays in the title; a handoff alone on its page has only the product's behind it.
    const place = document.title.split(" · ").slice(document.querySelector(".split") ? -2 : -1).join(" · ");
    document.title = target.dataset.title ? `${target.dataset.title} · ${place}` : place;
    // What had the focus is gone: the name of what is shown now is the sensible place to go on from.
    if (!document.activeElement || document.activeElement === document.body) {
      (target.querySelector("[data-focus]") || document.getElementById("queue-title"))?.focus({ preventScroll: true });
    }
  });

  const say = (text) => document.dispatchEvent(new CustomEvent("leadloop:toast", { detail: { text, tone: "error" } }));
  const said = {
    403: "This is not yours to do. Nothing was changed.",
    404: "This is gone, or no longer yours to see. Load the page again.",
    503: "LeadLoop is busy just now. Nothing was changed; try again in a minute.",
  };

  document.addEventListener("htmx:responseError", (event) => {
    say(said[event.detail.xhr.status] || "Something broke on our side. Look before you send it again.");
  });
  // A form that acts on what was ticked asks for a tick before it leaves, and keeps what was chosen so far.
  document.addEventListener("submit", (event) => {
    const { needs, needsWords } = event.target.dataset;
    if (!needs || event.target.querySelector(`[name="${needs}"]:checked`)) return;
    event.preventDefault();
    say(needsWords);
    event.target.querySelector(`[name="${needs}"]`)?.focus();
  });
  // An undo pressed where no handoff is shown has no place for its answer: send the form as any form is sent.
  document.addEventListener("htmx:targetError", (event) => event.target.closest?.("form")?.submit());
  document.addEventListener("htmx:sendError", () => say("There is no connection. Nothing was sent."));
  document.addEventListener("htmx:timeout", () => say("No answer came in time. Look before you send it again."));
})();
