"use strict";
// Keeps the sections of a view up to date. Every form and link works without it.
(() => {
  const main = document.getElementById("main");
  const live = document.getElementById("live");
  const trouble = document.getElementById("trouble");
  const policy = window.trustedTypes ? trustedTypes.createPolicy("page", { createHTML: (html) => html }) : { createHTML: (html) => html };
  const two = (number) => String(number).padStart(2, "0");
  const clock = (at) => `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const day = (at) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;

  // Times in the browser's time zone.
  function localise(root) {
    for (const time of root.querySelectorAll("time[data-show]")) {
      const at = new Date(time.dateTime);
      if (isNaN(at)) continue;
      time.title = time.textContent;
      time.textContent = time.dataset.show === "clock" ? clock(at) : `${day(at)} ${clock(at).slice(0, 5)}`;
    }
  }

  const keyOf = (node) => (node.nodeType === 1 ? node.dataset.key || node.id || "" : "");
  const isField = (node) => ["INPUT", "TEXTAREA", "SELECT", "OPTION"].includes(node.nodeName);

  function isTouched(field) {
    if (field === document.activeElement) return true;
    if (field.nodeName === "SELECT") return [...field.options].some((option) => option.selected !== option.defaultSelected);
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    return field.type !== "hidden" && field.value !== field.defaultValue;
  }

  // Makes `old` equal to `fresh`, but for what the viewer has typed, opened, focused or scrolled.
  function morph(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    if (isField(old) && old.nodeName !== "OPTION" && isTouched(old)) return;
    // A form that somebody fills in keeps what it was shown for.
    if (old.type === "hidden" && old.form && [...old.form.elements].some(isTouched)) return;
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS")) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (name === "open" && old.nodeName === "DETAILS") continue;
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    if (old.nodeName === "TEXTAREA") { old.value = fresh.value; return; }
    const keyed = new Map();
    for (const child of old.childNodes) if (keyOf(child)) keyed.set(keyOf(child), child);
    const wanted = new Set([...fresh.childNodes].map(keyOf).filter(Boolean));
    let at = old.firstChild;
    for (const next of [...fresh.childNodes]) {
      const key = keyOf(next);
      // One that goes away or has another place must not be made into this one.
      while (!key && at && keyOf(at) && !wanted.has(keyOf(at))) { const gone = at; at = at.nextSibling; gone.remove(); }
      const same = key ? keyed.get(key) : at && !keyOf(at) && at.nodeName === next.nodeName ? at : null;
      if (same && same.nodeName === next.nodeName) {
        if (same === at) at = at.nextSibling;
        else if (same.contains(document.activeElement)) { for (let each = at; each && each !== same; ) { const moved = each; each = each.nextSibling; old.append(moved); } at = same.nextSibling; }
        else old.insertBefore(same, at);
        if (same.nodeType === 1) morph(same, next);
        else if (same.nodeValue !== next.nodeValue) same.nodeValue = next.nodeValue;
      } else old.insertBefore(next, at);
    }
    while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
  }

  function update(sections) {
    for (const [id, html] of Object.entries(sections)) {
      const section = document.getElementById(id);
      if (!section) continue;
      const holder = document.createElement("template");
      holder.innerHTML = policy.createHTML(html);
      const fresh = holder.content.firstElementChild;
      localise(fresh);
      const focused = section.contains(document.activeElement) && document.activeElement;
      morph(section, fresh);
      if (focused && !section.contains(focused)) section.querySelector("h2")?.focus({ preventScroll: true });
    }
  }

  function receive({ data }) {
    const told = JSON.parse(data);
    pause = 1000;
    live.textContent = `${live.dataset.live} ${clock(new Date(told.at))}`;
    live.classList.remove("lost");
    if (trouble.textContent !== told.trouble) trouble.textContent = told.trouble;
    trouble.hidden = !told.trouble;
    update(told.sections);
    // A newer version serves the page: its sections may need its style.
    const typed = [...document.querySelectorAll("main input, main textarea, main select")].some(isTouched);
    if (told.version !== main.dataset.version && !typed) location.reload();
  }

  // Closed while nobody sees it: a browser opens six connections to a server, and a seventh tab would wait.
  let stream = null, timer = 0, pause = 1000;
  function open() {
    clearTimeout(timer);
    if (stream || document.hidden || !main.dataset.stream) return;
    stream = new EventSource(main.dataset.stream);
    stream.onmessage = receive;
    stream.onerror = () => {
      live.textContent = live.dataset.lost;
      live.classList.add("lost");
      // After an answer such as 503 it would not connect again by itself.
      close();
      timer = setTimeout(retry, pause);
      pause = Math.min(pause * 2, 15000);
    };
  }
  function close() { stream?.close(); stream = null; }
  async function retry() {
    const answer = await fetch(location.href, { method: "HEAD", redirect: "manual" }).catch(() => null);
    if (answer && (answer.status === 401 || answer.type === "opaqueredirect")) location.reload();
    else open();
  }

  localise(document);
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  // What was done is told once.
  const here = new URL(location.href);
  if (here.searchParams.has("said")) {
    for (const name of ["said", "n", "m"]) here.searchParams.delete(name);
    history.replaceState(null, "", here);
  }
  // A number of things that is about to be changed is asked for once more.
  document.addEventListener("submit", (event) => {
    const asked = event.submitter?.dataset.confirm;
    if (asked && !confirm(asked)) event.preventDefault();
  });
  open();
})();
