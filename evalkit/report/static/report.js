"use strict";
// The page reads without this script; it only switches what is shown and sorts the summary.
// No markup is ever built from text: textContent, hidden, class names and the order of rows are all it changes.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const controls = document.getElementById("controls");
const sentenceNote = document.getElementById("sentence-note");

function applyToggle(box) {
  document.body.classList.toggle(box.dataset.toggle, box.checked);
}

function applyVariant(box) {
  for (const column of all(`[data-column="${box.dataset.variant}"]`)) column.hidden = !box.checked;
}

function flip(toggle) {
  const box = controls.querySelector(`[data-toggle="${toggle}"]`);
  box.checked = !box.checked;
  applyToggle(box);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "d") flip("show-differences");
  if (event.key === "t") flip("show-tint");
}

function onSentence(event) {
  const sentence = event.target.closest(".s");
  if (!sentence) return;
  for (const other of all(".s.is-read")) other.classList.remove("is-read");
  sentence.classList.add("is-read");
  const mark = event.target.closest("ins[title], .gone[title], .fork[title]");
  sentenceNote.classList.add("is-filled");
  sentenceNote.textContent = mark ? `${sentence.title}. ${mark.title}` : sentence.title;
}

// A missing figure sorts last in both directions: it is not small, it is unknown.
function compareCells(kind, direction) {
  return (a, b) => {
    if (kind === "text") return direction * a.key.localeCompare(b.key, "en", { numeric: true });
    if (a.key === "" || b.key === "") return (a.key === "") - (b.key === "");
    return direction * (Number(a.key) - Number(b.key));
  };
}

function nextOrder(heading) {
  return { none: "descending", descending: "ascending", ascending: "none" }[heading.ariaSort || "none"];
}

function sortBy(heading) {
  const order = nextOrder(heading);
  const body = heading.closest("table").tBodies[0];
  const kind = order === "none" ? "number" : heading.dataset.sort;
  const rows = [...body.rows].map((row) => {
    const cell = row.cells[heading.cellIndex];
    const key = order === "none" ? row.dataset.order : kind === "text" ? cell.textContent.trim() : cell.dataset.value;
    return { row, key };
  });
  rows.sort((a, b) => Number(a.row.dataset.order) - Number(b.row.dataset.order));
  rows.sort(compareCells(kind, order === "descending" ? -1 : 1));
  for (const other of all("th[aria-sort]", heading.closest("table"))) other.removeAttribute("aria-sort");
  if (order !== "none") heading.ariaSort = order;
  body.append(...rows.map(({ row }) => row));
}

// A heading becomes a button, so that the keyboard reaches it too.
function makeSortable(heading) {
  const label = heading.querySelector(".heading");
  const button = document.createElement("button");
  button.type = "button";
  button.title = label.title;
  button.append(...label.childNodes);
  label.replaceChildren(button);
  button.addEventListener("click", () => sortBy(heading));
}

for (const box of all("[data-toggle]", controls)) box.addEventListener("change", () => applyToggle(box));
for (const box of all("[data-variant]", controls)) box.addEventListener("change", () => applyVariant(box));
// Browsers restore check boxes on reload; what is shown follows them.
for (const box of all("[data-toggle]", controls)) applyToggle(box);
for (const box of all("[data-variant]", controls)) applyVariant(box);
for (const heading of all("th[data-sort]")) makeSortable(heading);
document.addEventListener("keydown", onKey);
document.getElementById("answers").addEventListener("click", onSentence);
controls.addEventListener("submit", (event) => event.preventDefault());
controls.hidden = false;
