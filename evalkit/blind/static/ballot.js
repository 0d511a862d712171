"use strict";
// Texts reach the page by textContent only. The data names no variant: there is nothing here to find out.

const data = JSON.parse(document.getElementById("ballot-data").textContent);
const at = (id) => document.getElementById(id);
const form = at("answer");
const OUTCOME_KEYS = { ArrowLeft: "left", t: "tie", ArrowRight: "right", b: "both_bad" };
const DARKER_KEYS = { a: "left", s: "same", d: "right" };
const OUTCOMES = ["left", "right", "tie", "both_bad"];
const DARKER = ["left", "right", "same"];
const LONGEST_MS = 86400000;

let item = null;
let shownSince = 0;
let shownBefore = 0;
let busy = false;
let unsure = null; // A vote that was sent and not acknowledged: sent again as it was, it counts once.

// What was answered so far: kept in this browser, or only in this page where the browser keeps nothing.
const kept = {
  key: `evalkit-ballot:${data.kit_id}:${data.judge}`,
  votes: new Map(),
  begunAt: Date.now(),
  lasts: true,
  // What is stored may be newer than what this page knows: the ballot may be open in two windows.
  take() {
    try {
      const stored = JSON.parse(localStorage.getItem(this.key) || "{}");
      const known = new Set(data.items.map((one) => one.item_id));
      for (const vote of Array.isArray(stored.votes) ? stored.votes : []) {
        if (!known.has(vote.item_id) || !isVote(vote)) continue;
        const ours = this.votes.get(vote.item_id);
        if (!ours || ours.voted_at < vote.voted_at) this.votes.set(vote.item_id, vote);
      }
      if (Number.isSafeInteger(stored.begunAt) && stored.begunAt > 0) this.begunAt = Math.min(stored.begunAt, this.begunAt);
    } catch {
      // Nonsense from elsewhere; it is written over.
    }
  },
  save() {
    this.take();
    try {
      localStorage.setItem(this.key, JSON.stringify({ begunAt: this.begunAt, votes: [...this.votes.values()] }));
    } catch {
      this.lasts = false;
    }
  },
};

function isVote(vote) {
  const counts = [vote.milliseconds, vote.voted_at].every((n) => Number.isSafeInteger(n) && n >= 0);
  const answers = OUTCOMES.includes(vote.outcome) && (vote.darker === null || DARKER.includes(vote.darker));
  return counts && answers && typeof vote.note === "string";
}

function sameAnswers(a, b) {
  return ["item_id", "outcome", "darker", "note"].every((name) => a[name] === b[name]);
}

// A ballot from disk: every item is here, answers can be changed until they are sent.
const fromDisk = {
  canGoBack: true,
  async start() {
    kept.save();
    if (!kept.lasts) warn("This browser keeps nothing for this page: judge all pairs in one sitting, or save the votes so far before you close it.");
    return this.state(data.items.findIndex((one) => !kept.votes.has(one.item_id)));
  },
  state(index) {
    const n = index < 0 ? data.items.length : index;
    return { item: data.items[n] || null, place: n, n_done: kept.votes.size, n_items: data.items.length };
  },
  async vote(vote) {
    kept.votes.set(vote.item_id, vote);
    kept.save();
    return this.state(indexOfItem(vote.item_id) + 1);
  },
  back() {
    return this.state(Math.max(0, indexOfItem(item.item_id) - 1));
  },
  review() {
    const missing = data.items.findIndex((one) => !kept.votes.has(one.item_id));
    return this.state(missing < 0 ? data.items.length - 1 : missing);
  },
};

// A ballot from a server: one item at a time, each answer is final once the server has it on its disk.
const fromServer = {
  canGoBack: false,
  async ask(path, options) {
    const response = await fetch(path, { credentials: "omit", cache: "no-store", ...options });
    const body = await response.json();
    if (!response.ok) throw Object.assign(new Error(body.error), { status: response.status });
    return { ...body, place: body.n_done };
  },
  start() {
    return this.ask("next");
  },
  async vote(vote) {
    unsure = unsure && sameAnswers(unsure, vote) ? unsure : vote;
    const body = JSON.stringify(unsure);
    try {
      const state = await this.ask("votes", { method: "POST", headers: { "Content-Type": "application/json" }, body });
      unsure = null;
      return state;
    } catch (error) {
      if (error.status === 409) unsure = null;
      throw error;
    }
  },
};

const source = data.served ? fromServer : fromDisk;

function indexOfItem(id) {
  return data.items.findIndex((one) => one.item_id === id);
}

function warn(words) {
  at("warning").textContent = words;
  at("warning").hidden = !words;
}

function show(section) {
  for (const id of ["welcome", "pair", "end"]) at(id).hidden = id !== section;
  window.scrollTo(0, 0);
}

function countWords(text) {
  return (text.match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) || []).length;
}

function showState(state) {
  const bar = at("progress");
  bar.hidden = false;
  bar.max = state.n_items;
  bar.value = state.n_done;
  if (!state.item) return showEnd(state);
  item = state.item;
  at("place").textContent = `Pair ${state.place + 1} of ${state.n_items}`;
  for (const part of ["prompt", "opening", "left", "right"]) at(part).textContent = item[part];
  at("opening-title").textContent = `Both begin with the same ${countWords(item.opening)} words`;
  at("asked").hidden = item.prompt === "";
  at("opening-box").hidden = item.opening === "";
  fillForm(kept.votes.get(item.item_id));
  at("back").hidden = !source.canGoBack;
  at("back").disabled = state.place === 0;
  at("so-far").hidden = !source.canGoBack || state.n_done === 0;
  show("pair");
  at("left-title").focus({ preventScroll: true });
}

function fillForm(vote) {
  form.reset();
  for (const name of ["outcome", "darker"]) if (vote && vote[name]) form.elements[name].value = vote[name];
  at("note").value = vote ? vote.note : "";
  at("note-box").open = Boolean(vote && vote.note);
  shownBefore = vote ? vote.milliseconds : 0;
  shownSince = document.hidden ? 0 : performance.now();
  at("next").disabled = !form.elements.outcome.value;
}

function pauseClock() {
  if (shownSince) shownBefore += performance.now() - shownSince;
  shownSince = document.hidden ? 0 : performance.now();
}

function currentVote() {
  pauseClock();
  const note = at("note").value;
  return {
    item_id: item.item_id,
    outcome: form.elements.outcome.value,
    darker: form.elements.darker.value || null,
    milliseconds: Math.min(LONGEST_MS, Math.round(shownBefore)),
    voted_at: Date.now(),
    note: note.toWellFormed ? note.toWellFormed() : note,
  };
}

async function onNext(event) {
  event.preventDefault();
  if (busy || !form.elements.outcome.value) return;
  busy = true;
  try {
    const state = await source.vote(currentVote());
    if (source.canGoBack && !kept.lasts) at("kept").textContent = "Not kept by this browser.";
    if (!source.canGoBack) warn("");
    showState(state);
  } catch (error) {
    warn(`This answer is not saved: ${error.status ? error.message : "the server cannot be reached. Try “Next” again."}`);
    if (error.status === 409) showState(await source.start());
  } finally {
    busy = false;
  }
}

// The same bytes as the publisher's program hashes: see docs/blind.md, "Receipt".
async function receiptOf(votes) {
  if (!globalThis.crypto || !crypto.subtle) return null;
  const rows = votes
    .map((v) => [v.item_id, v.outcome, v.darker, v.milliseconds, v.voted_at, v.note])
    .sort((a, b) => (a[0] < b[0] ? -1 : 1));
  const bytes = new TextEncoder().encode(JSON.stringify([data.kit_id, data.judge, rows]));
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function votesFile() {
  const votes = data.items.map((one) => kept.votes.get(one.item_id)).filter(Boolean);
  const { kit_id, judge, commitment } = data;
  const receipt = await receiptOf(votes);
  return { format: "evalkit-votes", schema_version: 1, kit_id, judge, commitment, begun_at: kept.begunAt, receipt, votes };
}

function offer(file, link) {
  link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }));
  link.download = `votes-${data.judge}.json`;
}

async function showEnd(state) {
  item = null;
  const missing = state.n_items - state.n_done;
  at("place").textContent = `${state.n_done} of ${state.n_items} judged`;
  at("so-far").hidden = true;
  at("end-words").textContent = missing
    ? `You judged ${state.n_done} of ${state.n_items} pairs. You may go back to the others, or send what is done.`
    : `You judged all ${state.n_items} pairs.${source.canGoBack ? " One step is left: send your votes back." : " Your votes are saved; you can close this page."}`;
  at("send").hidden = !source.canGoBack;
  let receipt = state.receipt;
  if (source.canGoBack) {
    const file = await votesFile();
    offer(file, at("download"));
    at("copy").value = JSON.stringify(file);
    at("file-name").textContent = `votes-${data.judge}.json`;
    receipt = file.receipt;
  }
  at("receipt").textContent = receipt || "";
  at("receipt-box").hidden = !receipt;
  show("end");
  at("end-title").focus({ preventScroll: true });
}

async function saveSoFar() {
  const link = document.createElement("a");
  offer(await votesFile(), link);
  link.click();
  at("left-title").focus({ preventScroll: true }); // Else Enter would save once more.
}

function choose(name, value) {
  form.elements[name].value = value;
  at("next").disabled = !form.elements.outcome.value;
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || at("pair").hidden) return;
  if (event.target.matches("textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key in OUTCOME_KEYS) choose("outcome", OUTCOME_KEYS[key]);
  else if (key in DARKER_KEYS) choose("darker", DARKER_KEYS[key]);
  else if (key === "z" && source.canGoBack && !at("back").disabled) showState(source.back());
  else if (key === "n") {
    at("note-box").open = true;
    at("note").focus();
  } else if (key === "Enter" && !event.target.matches("button, summary")) form.requestSubmit();
  else return;
  event.preventDefault();
}

async function begin() {
  try {
    showState(await source.start());
  } catch (error) {
    warn(`The ballot could not be opened: ${error.message || "the server cannot be reached"}`);
  }
}

at("judge").textContent = `for ${data.judge}`;
at("n-items").textContent = data.n_items;
at("commitment").textContent = data.commitment;
at("kit").textContent = data.kit_id;
at("rule-change").hidden = data.served;
at("begin").addEventListener("click", begin);
at("back").addEventListener("click", () => showState(source.back()));
at("review").addEventListener("click", () => showState(source.review()));
at("so-far").addEventListener("click", saveSoFar);
form.addEventListener("submit", onNext);
form.addEventListener("change", () => (at("next").disabled = !form.elements.outcome.value));
document.addEventListener("keydown", onKey);
document.addEventListener("visibilitychange", pauseClock);
show("welcome");
if (!data.served) {
  kept.save();
  if (kept.votes.size) at("begin").textContent = `Continue (${kept.votes.size} of ${data.items.length} judged)`;
}
