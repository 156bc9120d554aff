// Keys, declared in the page: an element with data-key="a" is pressed by that key, "g q" by one after the other.
// Typing in a field is typing. Single keys can be switched off in the help dialog (WCAG 2.1.4).
"use strict";

(() => {
  const STORE = "leadloop_keys";
  const help = document.getElementById("help");
  let before = "";
  let beforeAt = 0;

  const isOn = () => {
    try {
      return localStorage.getItem(STORE) !== "off";
    } catch {
      return true;
    }
  };

  const isTyping = (target) =>
    target.isContentEditable || target.matches?.("textarea, select, input:not([type=radio], [type=checkbox], [type=button], [type=submit])");

  const isThere = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;

  // Only what the open dialog holds can be pressed while it is open; a toast lies above neither.
  const scope = () => document.querySelector("dialog[open]") || document;

  const find = (key) =>
    [...scope().querySelectorAll("[data-key]")].filter((element) => element.dataset.key === key && isThere(element)).pop();

  const press = (element) => {
    // So that closing a dialog leads back to what opened it.
    element.focus({ preventScroll: true });
    element.click();
    element.dispatchEvent(new CustomEvent("leadloop:key", { bubbles: true }));
  };

  const name = (element) => {
    if (element.dataset.keyLabel) return element.dataset.keyLabel;
    const copy = element.cloneNode(true);
    for (const part of copy.querySelectorAll("kbd, .count")) part.remove();
    return (element.getAttribute("aria-label") || copy.textContent).trim();
  };

  const row = (keys, words) => {
    const term = document.createElement("dt");
    for (const key of keys) {
      const kbd = document.createElement("kbd");
      kbd.textContent = key;
      if (key.length > 1) kbd.className = "word";
      term.append(kbd);
    }
    const meaning = document.createElement("dd");
    meaning.textContent = words;
    return [term, meaning];
  };

  const showHelp = () => {
    if (!help || help.open) return;
    const list = help.querySelector("[data-key-list]");
    const rows = new Map();
    for (const element of document.querySelectorAll("[data-key]")) {
      if (isThere(element) && element.dataset.key) rows.set(element.dataset.key, name(element));
    }
    const fixed = [];
    if (document.querySelector("[data-list]")) fixed.push(...row(["j", "k"], "Next and previous in the list"));
    if (document.querySelector("[data-list] input[type=checkbox]")) fixed.push(...row(["x"], "Choose the one you are at"));
    if (document.querySelector("[data-search]")) fixed.push(...row(["/"], "Search"));
    list.replaceChildren(
      ...[...rows].flatMap(([key, words]) => row(key.split(" "), words)),
      ...fixed,
      ...row(["Shift", "Enter"], "New line in a note; Enter alone sends it"),
      ...row(["Esc"], "Close a dialog, leave a field"),
      ...row(["?"], "These keys"),
    );
    help.querySelector("[data-keys-on]").checked = isOn();
    help.showModal();
  };

  help?.addEventListener("change", (event) => {
    if (!event.target.matches("[data-keys-on]")) return;
    try {
      localStorage.setItem(STORE, event.target.checked ? "on" : "off");
    } catch {
      // A browser that keeps nothing keeps the keys on.
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target;
    if (isTyping(target)) {
      if (event.key === "Escape" && !document.querySelector("dialog[open]")) target.blur();
      if (!("digits" in target.dataset) || !/^[0-9]$/.test(event.key)) return;
    }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (!isOn()) {
      if (key === "?") showHelp();
      return;
    }
    const chord = event.timeStamp - beforeAt < 900 ? `${before} ${key}` : "";
    [before, beforeAt] = [key, event.timeStamp];
    const element = (chord && find(chord)) || find(key);
    if (element) {
      if (event.repeat) return;
      event.preventDefault();
      press(element);
      return;
    }
    if (key === "/") {
      const search = scope().querySelector("[data-search], [data-filter]");
      if (search) {
        event.preventDefault();
        search.focus();
        search.select();
      }
    } else if (key === "?") {
      event.preventDefault();
      showHelp();
    } else if (/^\p{L}$/u.test(key) && document.querySelector("dialog[open] [data-filter]")) {
      // Letters typed at a list of reasons are a search; the letter itself lands in the field.
      document.querySelector("dialog[open] [data-filter]").focus();
    }
  });
})();
