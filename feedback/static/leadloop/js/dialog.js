// The dialog that htmx fills: opens when a question arrives in it, closes when the answer was taken. Also the search among reasons.
"use strict";

(() => {
  const dialog = document.getElementById("dialog");
  if (!dialog) return;
  let opener = null;

  const open = () => {
    const form = dialog.querySelector("[data-dialog-title]");
    if (!form) return;
    dialog.setAttribute("aria-label", form.dataset.dialogTitle);
    if (!dialog.open) {
      opener = document.activeElement;
      dialog.showModal();
    }
    const wrong = form.querySelector("[aria-invalid=true], .wrong input, .wrong select, .wrong textarea");
    const first = form.querySelector("[data-digits], input:not([type=hidden]), select, textarea");
    // A search field that takes the focus on a phone would bring up its keyboard over the reasons.
    const touch = matchMedia("(hover: none)").matches;
    if (wrong) wrong.focus();
    else if (touch && first?.type === "search") form.querySelector("input[type=radio]")?.focus();
    else first?.focus();
  };

  const close = () => {
    if (dialog.open) dialog.close();
  };

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target === dialog || event.detail.elt === dialog) open();
  });
  // The answer to a question in the dialog landed elsewhere: it was taken.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id === "handoff" && event.detail.shouldSwap) close();
  });
  dialog.addEventListener("close", () => {
    dialog.replaceChildren();
    if (opener?.isConnected) opener.focus({ preventScroll: true });
    opener = null;
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]") && dialog.open) {
      event.preventDefault();
      close();
    } else if (event.target === dialog) {
      close();
    }
  });

  // The button says that Enter sends, so it does from a list of choices and from a note too; Shift and Enter is a new line.
  // On a touch keyboard Enter stays a new line: the button is at the thumb.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !dialog.open) return;
    const field = event.target.closest?.("select, textarea");
    if (!field?.form || (field.matches("textarea") && matchMedia("(hover: none)").matches)) return;
    event.preventDefault();
    field.form.requestSubmit();
  });

  // -- reasons: a chosen one asks its question, a typed word narrows the list -----------------------------------------
  const ask = (radio) => {
    const question = radio.closest(".reason")?.querySelector(".ask input, .ask select, .ask textarea");
    (question || document.getElementById("reject-note") || radio).focus();
  };

  document.addEventListener("leadloop:key", (event) => {
    if (event.target.matches?.(".reason input[type=radio]")) ask(event.target);
  });

  // The sentence of what will happen follows the instant that was chosen. Words as in leads.logic.words: day_words.
  const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  const instantWords = (value, today) => {
    const [day, time] = value.split("T");
    const [at, from] = [new Date(day), new Date(today)];
    const distance = Math.round((at - from) / 86_400_000);
    if (Number.isNaN(distance)) return "";
    const year = at.getUTCFullYear() === from.getUTCFullYear() ? "" : ` ${at.getUTCFullYear()}`;
    const date = `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}${year}`;
    const near = distance === 0 ? "today" : distance === 1 ? "tomorrow" : DAYS[at.getUTCDay()];
    return `${distance >= 0 && distance <= 6 ? near : date} ${time}`;
  };

  document.addEventListener("input", (event) => {
    if (!event.target.matches?.("[data-until]")) return;
    const words = instantWords(event.target.value, event.target.dataset.today);
    const place = event.target.closest(".reason").querySelector("[data-until-words]");
    if (words) place.textContent = words;
  });

  document.addEventListener("input", (event) => {
    const field = event.target.closest?.("[data-filter]");
    if (!field) return;
    const form = field.closest("form");
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of form.querySelectorAll(field.dataset.filter)) {
      const fits = words.every((word) => item.dataset.words.toLowerCase().includes(word));
      item.classList.toggle("out-of-search", !fits);
      item.classList.toggle("in-search", fits && words.length > 0);
      if (fits) shown += 1;
    }
    const none = form.querySelector("[data-filter-none]");
    if (none) none.hidden = shown > 0;
  });

  document.addEventListener("keydown", (event) => {
    const field = event.target.closest?.("[data-filter]");
    if (!field || event.key !== "Enter") return;
    event.preventDefault();
    const first = [...field.closest("form").querySelectorAll(`${field.dataset.filter} input[type=radio]`)]
      .find((radio) => radio.offsetParent !== null);
    if (!first) return;
    first.checked = true;
    ask(first);
  });
})();
