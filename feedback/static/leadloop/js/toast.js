// Toasts leave by themselves, except what can be undone (until the next one comes) and what went wrong (until it is closed).
"use strict";

(() => {
  const STAY = 8000;
  const room = document.getElementById("toasts");
  if (!room) return;

  const leave = (toast) => {
    if (toast.matches(":hover, :focus-within")) setTimeout(() => leave(toast), STAY);
    else toast.remove();
  };

  const arrive = (toast) => {
    toast.dataset.arrived = "yes";
    const button = toast.querySelector("[data-close-toast]");
    if (button) button.hidden = false;
    // On a page without a handoff the answer to an undo has no place: its form is sent as any form is.
    if (!document.getElementById("handoff")) toast.querySelector("form")?.removeAttribute("hx-post");
    if (!toast.querySelector("form") && !toast.classList.contains("error")) setTimeout(() => leave(toast), STAY);
  };

  // What comes takes the place of what was there; what comes together stays together.
  const scan = () => {
    const come = [...room.querySelectorAll("[data-toast]:not([data-arrived])")];
    if (come.length) room.querySelectorAll("[data-toast][data-arrived]:not(.error)").forEach((old) => old.remove());
    come.forEach(arrive);
  };

  room.addEventListener("click", (event) => {
    if (event.target.closest("[data-close-toast]")) event.target.closest("[data-toast]").remove();
  });
  // Whatever answered an undo, the offer to undo is used up.
  room.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) event.target.closest("[data-toast]")?.remove();
  });

  document.addEventListener("leadloop:toast", (event) => {
    const toast = document.createElement("div");
    toast.className = `toast ${event.detail.tone || "info"}`;
    toast.dataset.toast = "";
    const words = document.createElement("p");
    words.textContent = event.detail.text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "small";
    close.dataset.closeToast = "";
    close.textContent = "Close";
    toast.append(words, close);
    room.append(toast);
  });

  new MutationObserver(scan).observe(room, { childList: true });
  scan();
})();
