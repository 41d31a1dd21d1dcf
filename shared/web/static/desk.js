// What the desk adds for whoever has scripts: keys, and a page that follows what changes. Every form works without it.
(() => {
  "use strict";
  const live = () => document.getElementById("live");
  const pairs = () => [...document.querySelectorAll("[data-pair]")];
  const keys = document.querySelector("dialog.keys");
  const newer = document.querySelector("[data-newer]");
  let at = Number((location.hash.match(/^#place-(\d+)$/) || [])[1] || 0) - 1;

  const current = () => pairs()[at];

  function go(step) {
    const all = pairs();
    if (!all.length) return;
    at = Math.max(0, Math.min(all.length - 1, at + step));
    all.forEach((pair) => pair.classList.toggle("current", pair === all[at]));
    all[at].tabIndex = -1;
    all[at].focus({ preventScroll: true });
    all[at].scrollIntoView({ block: "nearest" });
  }

  function open(key) {
    const details = current()?.querySelector(`details[data-key="${key}"]`);
    if (!details) return;
    details.open = true;
    details.querySelector("select, input:not([type=hidden])").focus();
  }

  const does = {
    j: () => go(1),
    k: () => go(-1),
    a: () => current()?.querySelector('button[data-key="a"]')?.click(),
    d: () => open("d"),
    p: () => open("p"),
    u: () => document.querySelector('button[data-key="u"]')?.click(),
    x: () => current()?.querySelector("input[type=checkbox]")?.click(),
    "?": () => keys?.showModal(),
  };

  document.addEventListener("keydown", (press) => {
    const typing = press.target.closest("input:not([type=checkbox]), select, textarea, dialog");
    if (typing || press.ctrlKey || press.metaKey || press.altKey || press.isComposing || !does[press.key]) return;
    press.preventDefault();
    does[press.key]();
  });

  // Somebody who is choosing or writing is not interrupted: the page tells that there is news, and waits.
  const busy = () =>
    live().querySelector("form[aria-busy], input:checked[name=pair], .decide details[open], .filters[open], .take-along[open]") ||
    live().contains(document.activeElement?.closest("form, details")) ||
    keys?.open;

  async function renew() {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
    if (!fresh) return;
    if (busy()) return void (newer.hidden = false); // she may have begun while the page was on its way
    live().replaceWith(fresh);
    newer.hidden = true;
    adorn();
    current()?.classList.add("current");
  }

  function hear(version) {
    if (version === live().dataset.version) return;
    if (busy()) newer.hidden = false;
    else renew().catch(() => { newer.hidden = false; });
  }

  function adorn() {
    const help = document.querySelector("[data-help]");
    if (!help) return;
    help.hidden = false;
    help.addEventListener("click", () => keys.showModal());
  }

  // On a slow line nothing tells that a press was taken: say so, and send each form once. Files leave the page as it is.
  const sending = document.querySelector("[data-sending]");
  document.addEventListener("submit", (press) => {
    const form = press.target;
    if (form.method !== "post" || form.closest(".take-along")) return;
    if (form.ariaBusy) return press.preventDefault();
    form.ariaBusy = "true";
    sending.textContent = sending.dataset.sending;
  });
  addEventListener("pageshow", () => {
    sending.textContent = "";
    document.querySelectorAll("form[aria-busy]").forEach((form) => { form.ariaBusy = null; });
  });

  adorn();
  newer?.querySelector("button").addEventListener("click", () => location.reload());
  if (live()?.dataset.news && "EventSource" in window) {
    const news = new EventSource(live().dataset.news);
    news.onmessage = (told) => hear(told.data);
    addEventListener("pagehide", () => news.close());
  }
})();
