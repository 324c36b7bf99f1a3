// Keeps a page with jobs on their way up to date. Without this file the page is as good after a reload.
// It asks the server for the page again and takes over <main> only if data-live says that something
// changed. It rests while nobody looks, while something is being typed, and after ten idle minutes,
// so that an open page doesn't keep a forgotten session alive.
"use strict";

const EVERY_MS = 4000;
const REST_AFTER_MS = 600000;
const wanted = document.getElementById("live");
let touched = Date.now();

const main = () => document.getElementById("main");

function rests() {
  const busy = main().contains(document.activeElement) &&
    document.activeElement.matches("input, select, textarea");
  const typed = [...main().querySelectorAll("input:not([type=hidden]), textarea")]
    .some((field) => field.value !== field.defaultValue);
  const chosen = [...main().querySelectorAll(".filter option")]
    .some((option) => option.selected !== option.defaultSelected);
  const selected = !document.getSelection().isCollapsed;
  return document.hidden || !wanted.checked || busy || typed || chosen || selected ||
    Date.now() - touched > REST_AFTER_MS;
}

function placeOfFocus() {
  const element = document.activeElement;
  if (!main().contains(element)) return null;
  const same = [...main().querySelectorAll("a, button, summary, [tabindex]")];
  return element === main() ? -1 : same.indexOf(element);
}

function takeOver(fresh) {
  const place = placeOfFocus();
  main().replaceWith(fresh);
  if (place !== null) {
    const same = [...fresh.querySelectorAll("a, button, summary, [tabindex]")];
    (same[place] || fresh).focus({ preventScroll: true });
  }
  document.querySelector("footer [role=status]").textContent =
    fresh.querySelector(".state")?.textContent ?? "";
}

async function look() {
  if (!rests()) {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (answer?.ok && !answer.redirected && !rests()) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("main");
      if (fresh && fresh.dataset.live !== main().dataset.live) takeOver(document.adoptNode(fresh));
    }
  }
  if (main().dataset.live) setTimeout(look, EVERY_MS);
  else document.querySelector("footer").hidden = true;
}

for (const event of ["pointerdown", "keydown"]) addEventListener(event, () => { touched = Date.now(); });
if (main().dataset.live) {
  document.querySelector("footer").hidden = false;
  setTimeout(look, EVERY_MS);
}
