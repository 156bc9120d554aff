// LeadLoop on a website: which pages a consenting visitor looks at, and for how long. No cookie, no third party.
// Served without its comments and indentation (leads/views_collect.py), in less than 2,048 bytes.
(() => {
  const safe = (work) => (...given) => { try { return work(...given) } catch {} };
  safe(() => {
    const doc = document, { dataset: set, src } = doc.currentScript, nav = navigator, key = "leadloop", on = addEventListener;
    const url = new URL("collect/", src);
    const refused = nav.globalPrivacyControl || nav.doNotTrack == 1;
    const random = () => crypto.getRandomValues(new Uint32Array(3)).join("");
    // Where storage is forbidden, the id lives as long as the page.
    const store = safe(() => localStorage)() || {};
    let id, page, spent, at, from = doc.referrer;

    const send = (more) => {
      const body = JSON.stringify({ site: set.site, visitor: id, ...more });
      // Both go out while a page closes; only fetch says where from on a page that sends no referrer.
      if ("keepalive" in Request.prototype)
        fetch(url, { method: "POST", body, keepalive: true }).catch(safe);
      else nav.sendBeacon(url, body);
    };
    // Visible time only: what lies in a tab behind another one is not read.
    const leave = safe(() => {
      if (!at) return;
      spent += Date.now() - at;
      at = 0;
      send({ ...page, seconds: Math.round(spent / 1e3) });
    });
    const look = safe(() => {
      const path = location.pathname;
      if (!id || page?.path == path) return;
      leave();
      page = { view: random(), path, title: doc.title.slice(0, 200), from: from.split(/[?#]/)[0] };
      from = location.href;
      spent = 0;
      at = Date.now();
      send(page);
    });
    const consent = safe((given) => {
      id ||= store[key];
      if (given && !refused) {
        id ||= random();
        look();
        store[key] = id;
      } else {
        if (id) send({ forget: true });
        id = page = at = 0;
        delete store[key];
      }
    });

    window.leadloop = { consent };
    // Single-page sites change their address without loading a page; their title follows a little later.
    const later = () => setTimeout(look, 99);
    for (const verb of ["pushState", "replaceState"]) {
      const kept = history[verb];
      history[verb] = (...given) => {
        kept.apply(history, given);
        later();
      };
    }
    on("popstate", later);
    on("visibilitychange", () => doc.hidden ? leave() : page && (at = Date.now()));
    on("submit", safe(({ target }) => {
      const name = key + "_visitor";
      if (!id || !target.getAttribute("action").startsWith(new URL("forms/", src))) return;
      Object.assign(target[name] || target.appendChild(doc.createElement("input")), { type: "hidden", name, value: id });
    }), true);
    if (refused || set.consent) consent(set.consent == "given");
  })();
})();
