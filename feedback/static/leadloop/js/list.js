// j and k move through the list of the page, x ticks the row one is at. In a list marked "follow" the row moved to is also shown, once the hand rests.
"use strict";

(() => {
  const REST = 140;
  let timer = 0;

  // A page may have its list in parts; they are walked through as one.
  const links = () => [...document.querySelectorAll("[data-list] :is(a[data-uid], a[data-row])")];

  const current = (rows) => {
    const focused = rows.findIndex((row) => (row.closest("tr") || row).contains(document.activeElement));
    return focused >= 0 ? focused : rows.findIndex((row) => row.hasAttribute("aria-current"));
  };

  const move = (step) => {
    const list = document.querySelector("[data-list]");
    if (!list) return false;
    const rows = links();
    const row = rows[Math.min(Math.max(current(rows) + step, 0), rows.length - 1)];
    if (!row) return false;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    clearTimeout(timer);
    if (list.dataset.list === "follow" && matchMedia("(min-width: 761px)").matches) {
      timer = setTimeout(() => row.isConnected && !row.hasAttribute("aria-current") && row.click(), REST);
    }
    return true;
  };

  const tick = () => {
    const box = document.activeElement?.closest("[data-list] tr")?.querySelector("input[type=checkbox]");
    box?.click();
    return Boolean(box);
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = event.target.matches?.("input:not([type=checkbox]), select, textarea");
    if (isTyping || document.querySelector("dialog[open]")) return;
    let isOff = false;
    try {
      isOff = localStorage.getItem("leadloop_keys") === "off";
    } catch {
      isOff = false;
    }
    const step = { j: 1, k: -1 }[event.key];
    if (step && !isOff && move(step)) event.preventDefault();
    if (event.key === "x" && !event.repeat && !isOff && tick()) event.preventDefault();
  });

  // The list says which row is shown beside it; on a phone the shown one takes the place of the list.
  document.addEventListener("htmx:afterSettle", () => {
    const shown = document.getElementById("handoff")?.dataset.uid;
    for (const row of document.querySelectorAll("[data-list] a[data-uid]")) {
      if (row.dataset.uid === shown) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  });
  // The list looks for news by itself, but never under somebody's hands.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const list = event.detail.elt;
    if (list.id !== "queue-list" && list.id !== "board") return;
    const hands = "input:focus, select:focus, :checked[name=uid]";
    const isBusy = document.hidden || document.querySelector("dialog[open]") || list.querySelector(hands);
    if (isBusy) event.preventDefault();
  });
  // A list that was made longer comes back as long as it was.
  document.addEventListener("htmx:configRequest", (event) => {
    const rows = document.querySelectorAll("#queue-list a[data-uid]").length;
    if (rows) event.detail.headers["LeadLoop-Rows"] = String(rows);
  });
  // The first of the new rows takes the focus that the way to them had.
  let lastRow = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const pager = event.detail.target;
    lastRow = pager?.matches(".queue-list-more") && pager.contains(document.activeElement) ? pager.previousElementSibling : null;
  });
  document.addEventListener("htmx:afterSettle", () => {
    lastRow?.nextElementSibling?.querySelector("a")?.focus();
    lastRow = null;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const split = document.querySelector(".split");
    if (event.detail.target?.id !== "handoff" || !split) return;
    // With nothing left to show, a phone shows the list, which says so.
    split.dataset.show = document.getElementById("handoff")?.dataset.uid ? "detail" : "list";
    if (matchMedia("(max-width: 760px)").matches) window.scrollTo(0, 0);
  });
})();
