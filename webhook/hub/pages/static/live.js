// Puts what changed on the hub into the open page, and sends forms without leaving
// it. Regions are elements with data-live; data-live-list holds regions that come and
// go. Nothing outside of regions is touched, so what is being typed stays.
(() => {
  "use strict";
  if (!("follow" in document.body.dataset)) { relative(document); return; }

  const served = new Map(); // region -> its HTML as it was served
  const regions = root => root.querySelectorAll("[data-live]");
  for (const r of regions(document)) served.set(r.dataset.live, r.outerHTML);
  relative(document);

  // relative says how long ago a time was.
  function relative(root) {
    for (const t of root.querySelectorAll("time[datetime]")) {
      const at = new Date(t.dateTime), s = Math.round((Date.now() - at) / 1000);
      t.title = at.toLocaleString();
      t.textContent = s < 5 ? "now" : s < 60 ? s + " seconds ago" : s < 3600 ? plural(Math.floor(s / 60), "minute")
        : s < 86400 ? plural(Math.floor(s / 3600), "hour") : at.toLocaleDateString();
    }
  }
  function plural(n, noun) { return n + " " + noun + (n === 1 ? "" : "s") + " ago"; }

  const focusable = "a[href],button,input,select,summary,[tabindex]";

  // replace puts fresh in place of old, with what the reader opened, chose and is at.
  function replace(old, fresh) {
    const node = document.importNode(fresh, true);
    const was = [...old.querySelectorAll("details")];
    [...node.querySelectorAll("details")].forEach((d, i) => {
      if (was[i] && was[i].parentElement.className === d.parentElement.className) d.open = was[i].open;
    });
    for (const s of node.querySelectorAll("select")) {
      const before = old.querySelector("#" + s.id);
      if (before) s.value = before.value;
    }
    const at = [...old.querySelectorAll(focusable)].indexOf(document.activeElement);
    const id = document.activeElement && document.activeElement.id;
    old.replaceWith(node);
    if (at >= 0) {
      const same = (id && document.getElementById(id)) || node.querySelectorAll(focusable)[at];
      if (same) same.focus({ preventScroll: true });
    }
    node.classList.add("fresh");
    relative(node);
  }

  // apply brings the page up to a document, and reports whether it changed.
  function apply(doc) {
    let changed = false;
    const fresh = new Map([...regions(doc)].map(r => [r.dataset.live, r]));
    for (const r of regions(document)) {
      const next = fresh.get(r.dataset.live);
      if (!next) {
        if (r.closest("[data-live-list]")) { r.remove(); served.delete(r.dataset.live); changed = true; }
      } else if (served.get(r.dataset.live) !== next.outerHTML) {
        served.set(r.dataset.live, next.outerHTML);
        replace(r, next);
        changed = true;
      }
    }
    for (const list of document.querySelectorAll("[data-live-list]")) {
      const next = doc.querySelector(`[data-live-list="${list.dataset.liveList}"]`);
      if (next) changed = fill(list, next) || changed;
    }
    if (changed) document.title = doc.title;
    return changed;
  }

  // fill adds to a list what is new, in order.
  function fill(list, next) {
    let changed = false, after = null;
    for (const r of next.children) {
      let mine = [...list.children].find(c => c.dataset.live === r.dataset.live);
      if (!mine) {
        served.set(r.dataset.live, r.outerHTML);
        mine = document.importNode(r, true);
        if (after) after.after(mine); else list.prepend(mine);
        mine.classList.add("fresh");
        relative(mine);
        changed = true;
      }
      after = mine;
    }
    return changed;
  }

  const parse = text => new DOMParser().parseFromString(text, "text/html");
  const pulse = document.getElementById("pulse"), pulseText = document.getElementById("pulse-text");
  const announce = document.getElementById("announce");
  let etag = "", busy = false;

  function state(text, bad) {
    pulse.hidden = false;
    pulse.classList.toggle("bad", bad);
    if (pulseText.textContent !== text) pulseText.textContent = text;
  }

  async function poll() {
    if (!busy && document.visibilityState === "visible") {
      try {
        const answer = await fetch(location.pathname, { cache: "no-store", headers: etag ? { "If-None-Match": etag } : {} });
        if (answer.status === 200) {
          const text = await answer.text();
          if (!busy) {
            etag = answer.headers.get("ETag") || "";
            if (apply(parse(text))) announce.textContent = "The page has changed.";
          }
        }
        state(answer.status < 400 ? "Live" : "The hub answers with " + answer.status, answer.status >= 400);
      } catch {
        state("The hub is not there", true);
      }
      relative(document);
    }
    setTimeout(poll, 1000);
  }
  poll();

  const form = document.getElementById("composer");
  if (!form) return;
  const box = form.elements.body;

  form.addEventListener("submit", async event => {
    const by = event.submitter;
    event.preventDefault();
    if (busy) return;
    busy = true;
    form.setAttribute("aria-busy", "true");
    try {
      const data = new FormData(form, by);
      const answer = await fetch(by && by.hasAttribute("formaction") ? by.formAction : form.action, { method: "POST", body: new URLSearchParams(data) });
      const doc = parse(await answer.text());
      const notice = document.querySelector("[data-notice]"), next = doc.querySelector("[data-notice]");
      notice.replaceChildren(...(next ? document.importNode(next, true).childNodes : [problem(doc)]));
      if (notice.firstElementChild) notice.scrollIntoView({ block: "center" });
      if (next) { etag = ""; apply(doc); }
      if (answer.ok && by && by.id === "comment") box.value = "";
    } catch {
      state("The hub is not there", true);
    }
    form.removeAttribute("aria-busy");
    busy = false;
  });

  // problem is a notice from an error page.
  function problem(doc) {
    const p = document.createElement("p"), text = doc.querySelector("main p");
    p.className = "notice bad";
    p.setAttribute("role", "alert");
    p.textContent = text ? text.textContent : "The hub gave no answer.";
    return p;
  }

  box.addEventListener("keydown", event => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(document.getElementById("comment"));
    }
  });
})();
