// Fetch this page again every ten seconds and put its content in place of the old one.
"use strict";
const EVERY_MS = 10000;

function keepOpen(fresh) {
  for (const old of document.querySelectorAll("details[id]")) {
    const same = fresh.querySelector("#" + CSS.escape(old.id));
    if (same) same.open = old.open;
  }
}

function busy() {
  const selection = document.getSelection();
  return document.hidden || (selection && !selection.isCollapsed);
}

async function refresh() {
  if (busy()) return;
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(8000) });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focused = document.activeElement && document.activeElement.id;
    keepOpen(fresh);
    document.querySelector("#page").replaceWith(document.adoptNode(fresh.querySelector("#page")));
    document.title = fresh.title;
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  } catch {
    const mark = document.querySelector("#stale");
    if (mark) mark.hidden = false;
  }
}

setInterval(refresh, EVERY_MS);
document.addEventListener("visibilitychange", refresh);
