// A page that stays true: regions arrive by server-sent events and are morphed in place; times in the viewer's zone; the past by a slider.
"use strict";
const badge = document.getElementById("badge");
let source = null, paused = false, newestAt = Number(badge?.dataset.at || 0) / 1e6;

function localTimes(root) {
  // Today's times without the date; a page that is open over midnight is written again.
  const today = new Date().toDateString();
  for (const time of root.querySelectorAll("time")) {
    const moment = new Date(time.dateTime);
    if (time.dataset.local === today || Number.isNaN(moment.getTime())) continue;
    time.title = `${moment.toLocaleString(undefined, { dateStyle: "full", timeStyle: "medium" })}; ${time.dateTime} (UTC)`;
    time.dataset.local = today;
    time.textContent = moment.toDateString() === today
      ? moment.toLocaleTimeString(undefined, { timeStyle: "medium" })
      : moment.toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium" });
  }
}

function offerActions() {
  // What makes no sense in the state that is shown now is not offered; the preview decides.
  const possible = document.querySelector("[data-possible]")?.dataset.possible.split(" ");
  if (possible) for (const form of document.querySelectorAll(".act[data-action]")) form.hidden = !possible.includes(form.dataset.action);
}

function say(kind, text) {
  if (!badge || badge.classList.contains("past")) return;
  badge.className = `badge ${kind}`;
  if (badge.textContent !== text) badge.textContent = text;
}

function keepAsItIs(before, after) {
  // What the reader opened or ticked stays so.
  if (before.nodeType !== Node.ELEMENT_NODE) return true;
  if (before.tagName === "DETAILS") { if (before.open) after.setAttribute("open", ""); else after.removeAttribute("open"); }
  if (before.type === "checkbox" && before.checked) after.setAttribute("checked", "");
  if (before.tagName === "TIME" && before.dateTime === after.dateTime) return false;
  if (before.classList.contains("chart") && before.dataset.chart === after.dataset.chart) return false;
  if (before.dataset.logFrom && before.dataset.logFrom === after.dataset.logFrom) return false;
  if (before.classList.contains("scrubber") && before.contains(document.activeElement)) return false;
  return true;
}

// What this script made stays: no news have it.
const isOfThePage = (node) => node.id !== "play";

function take(news) {
  for (const [name, html] of Object.entries(news.regions)) {
    const region = document.querySelector(`[data-region="${name}"]`);
    if (!region) continue;
    Idiomorph.morph(region, html, { morphStyle: "innerHTML", ignoreActiveValue: true, callbacks: { beforeNodeMorphed: keepAsItIs, beforeNodeRemoved: isOfThePage } });
  }
  localTimes(document);
  offerActions();
  drawCharts();
  showLogs();
  bindScrubber();
  newestAt = news.at;
  document.getElementById("position").textContent = news.position.toLocaleString();
  document.body.dataset.version = news.position;
  tell(news.state);
}

const clock = () => new Date(newestAt * 1000).toLocaleTimeString();

function tell(state) {
  say("live", state === "live" ? `live, as of ${clock()}` : `as of ${clock()}, newer events are on their way`);
}

function open() {
  if (!badge || !badge.dataset.live || source || paused) return;
  source = new EventSource(badge.dataset.live);
  source.addEventListener("regions", (event) => take(JSON.parse(event.data)));
  source.onerror = () => say("lost", `disconnected, trying again; shown as of ${clock()}`);
}

function close() { if (source) { source.close(); source = null; } }

let scrubbing = 0;
function bindScrubber() {
  const form = document.querySelector("form[data-scrubber]");
  if (!form || form.bound === form.dataset.scrubber) return;
  form.bound = form.dataset.scrubber;
  const range = form.querySelector("input[type=range]"), label = form.querySelector("#asof-label");
  const ticks = JSON.parse(form.dataset.scrubber);
  const describe = () => {
    document.getElementById("asof-number").textContent = range.value;
    const at = ticks.filter((tick) => tick.sequence <= Number(range.value)).pop();
    label.textContent = at ? `${new Date(at.at / 1000).toLocaleString()}: ${at.summary}` : "before its first event";
    range.setAttribute("aria-valuetext", label.textContent);
  };
  range.oninput = () => {
    describe();
    clearTimeout(scrubbing);
    scrubbing = setTimeout(() => lookAt(`#${range.value}`), 120);
  };
  playButton(form, range);
  describe();
}

function playButton(form, range) {
  // One event a second, until the last one, another press, or the hand at the slider.
  if (form.querySelector("#play")) return;
  const button = Object.assign(document.createElement("button"), { type: "button", id: "play", textContent: "Play" });
  let playing = 0;
  const stop = () => { clearInterval(playing); playing = 0; button.textContent = "Play"; };
  const step = () => {
    if (Number(range.value) >= Number(range.max)) return stop();
    range.value = Number(range.value) + 1;
    range.oninput();
  };
  button.onclick = () => {
    if (playing) return stop();
    if (Number(range.value) >= Number(range.max)) range.value = 0;
    button.textContent = "Stop";
    playing = setInterval(step, 1000);
    step();
  };
  range.addEventListener("pointerdown", stop);
  range.addEventListener("keydown", stop);
  form.querySelector("label").after(button);
}

let scrubbed = "";
async function lookAt(moment) {
  scrubbed = moment;
  const place = new URL(location.href);
  place.searchParams.set("asof", moment);
  place.searchParams.delete("against");
  const answer = await fetch(place, { headers: { Accept: "text/html" } });
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  const then = found.getElementById("then"), old = document.getElementById("then");
  if (!then || scrubbed !== moment) return;
  if (old) old.replaceWith(then); else document.querySelector("main > section").before(then);
  // The whole page is of then; what it does not have is not shown. The slider stays, it has the focus.
  for (const region of document.querySelectorAll("[data-region]")) {
    const other = found.querySelector(`[data-region="${region.dataset.region}"]`);
    if (region.dataset.region !== "scrubber" && other) region.replaceChildren(...other.childNodes);
  }
  document.querySelector("main > .acts")?.remove();
  document.getElementById("usage")?.closest("section").remove();
  localTimes(document);
  drawCharts();
  showLogs();
  history.replaceState(null, "", place);
  close();
  if (badge) { badge.className = "badge past"; badge.textContent = "history, not live"; }
  const field = document.querySelector("form.scrubber input[name=asof]");
  if (field) field.value = moment;
}

async function showLogs() {
  // The files inside a job's log archive; the end of each is fetched when it is opened, and only ever becomes text.
  for (const box of document.querySelectorAll("[data-log-from]")) {
    if (box.listed === box.dataset.logFrom) continue;
    box.listed = box.dataset.logFrom;
    try {
      const answer = await fetch(box.dataset.logFrom, { headers: { Accept: "application/json" } });
      const found = await answer.json();
      if (!answer.ok) throw new Error(found.detail);
      box.replaceChildren(...found.files.map((file) => logOf(box.dataset.logFrom, file)));
    } catch (problem) { box.textContent = `The log cannot be shown: ${problem.message}`; }
  }
}

function logOf(base, file) {
  const place = `${base}/${file.name.split("/").map(encodeURIComponent).join("/")}`;
  const details = document.createElement("details"), summary = document.createElement("summary");
  const link = Object.assign(document.createElement("a"), { href: place, textContent: "open its end as plain text" });
  const text = Object.assign(document.createElement("pre"), { textContent: "…", tabIndex: 0 });
  summary.textContent = `${file.name} (${file.size_bytes.toLocaleString()} bytes)`;
  details.append(summary, text, link);
  details.addEventListener("toggle", async () => {
    if (!details.open || details.fetched) return;
    details.fetched = true;
    const answer = await fetch(place);
    text.textContent = (await answer.text()) || "empty";
    text.scrollTop = text.scrollHeight;
  });
  return details;
}

// `/` outside of a field, and Ctrl+K (Command+K) anywhere, lead to the search.
addEventListener("keydown", (event) => {
  const field = document.getElementById("q"), busy = event.target.closest?.("input, textarea, select, [contenteditable]");
  const asked = (event.key === "/" && !busy && !event.ctrlKey && !event.metaKey && !event.altKey)
    || (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey);
  if (!field || !asked) return;
  event.preventDefault();
  field.focus();
  field.select();
});

addEventListener("DOMContentLoaded", () => {
  localTimes(document);
  drawCharts();
  showLogs();
  bindScrubber();
  document.getElementById("theme")?.addEventListener("click", () => {
    const order = ["", "dark", "light"], root = document.documentElement;
    const next = order[(order.indexOf(root.dataset.theme || "") + 1) % order.length];
    if (next) { root.dataset.theme = next; localStorage.setItem("theme", next); } else { delete root.dataset.theme; localStorage.removeItem("theme"); }
  });
  if (badge && badge.dataset.live) {
    const button = document.createElement("button");
    button.textContent = "Pause";
    button.type = "button";
    button.onclick = () => {
      paused = !paused;
      button.textContent = paused ? "Go on" : "Pause";
      if (paused) { close(); say("", `paused, as of ${clock()}`); } else open();
    };
    badge.after(button);
    open();
    document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
    addEventListener("pagehide", close);
  }
  for (const form of document.querySelectorAll("form")) {
    form.addEventListener("submit", () => {
      for (const field of form.querySelectorAll("[data-drop-empty]")) if (!field.value) field.disabled = true;
    });
  }
  // `culm monitor` prints an address with the token behind the #, where no server and no log sees it. Another site can make such an
  // address, too: the page names whom it would log in, and the visitor decides. From another site it is not offered at all.
  const login = document.getElementById("login"), token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (login && token) {
    history.replaceState(null, "", location.pathname + location.search);
    if (login.dataset.takesAddress) {
      login.querySelector("textarea").value = token;
      document.getElementById("named-in-address").textContent = nameIn(token);
      document.getElementById("by-address").hidden = false;
      login.closest("details")?.setAttribute("open", "");
    }
  }
});

// Whom a token names, unverified; for people to read, and as text alone.
function nameIn(token) {
  try {
    const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(
      atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0))));
    const name = [claims.name, claims.preferred_username, claims.sub].find((one) => typeof one === "string" && one);
    return name ? name.slice(0, 80) : "someone without a name";
  } catch {
    return "someone who cannot be read from it";
  }
}
