// Tells the server the reader's time zone: once, and again only when the device has moved to another.
// A zone that was chosen by hand stays until then.
"use strict";

(() => {
  const NAME = "leadloop_tz";
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone) return;
  const isKnown = document.cookie.split("; ").some((pair) => pair.startsWith(`${NAME}=`));
  let before = zone;
  try {
    before = localStorage.getItem(NAME) || zone;
    localStorage.setItem(NAME, zone);
  } catch {
    before = zone;
  }
  if (isKnown && before === zone) return;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${NAME}=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
})();
