// What is left until data-due, measured by the server's clock: data-now is when the page was made, by its reckoning.
// Words as in leads.logic.words: left_words, and states as in due_words.
"use strict";

(() => {
  const MINUTE = 60_000;
  const STATES = ["late", "now", "soon", "later"];

  const duration = (milliseconds) => {
    const minutes = Math.floor(Math.abs(milliseconds) / MINUTE);
    const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
    if (days) return hours ? `${days} d ${hours} h` : `${days} d`;
    if (hours) return rest ? `${hours} h ${rest} m` : `${hours} h`;
    return rest ? `${rest} min` : "under a minute";
  };

  const say = (element) => {
    element.offset ??= element.dataset.now ? Date.parse(element.dataset.now) - Date.now() : 0;
    const left = Date.parse(element.dataset.due) - (Date.now() + element.offset);
    if (Number.isNaN(left)) return;
    const state = left < 0 ? "late" : left <= 30 * MINUTE ? "now" : left <= 120 * MINUTE ? "soon" : "later";
    if (state === "later") return;
    const words = state === "soon" ? duration(left) : `${duration(left)} ${left < 0 ? "late" : "left"}`;
    if (element.textContent !== words) element.textContent = words;
    if (element.classList.contains("pill") && !element.classList.contains(state)) {
      element.classList.remove(...STATES);
      element.classList.add(state);
    }
  };

  const all = () => document.querySelectorAll("[data-due]").forEach(say);

  all();
  setInterval(all, 15_000);
  document.addEventListener("visibilitychange", all);
  document.addEventListener("htmx:afterSettle", all);
})();
