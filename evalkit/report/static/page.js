"use strict";
// The page reads without this script; it only switches what is shown, sorts, searches and shuffles.
// No markup is ever built from text: textContent, clones, hidden, class names and the order of elements are all.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const byId = (id) => document.getElementById(id);

// --- sorting -------------------------------------------------------------------------------------------------

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

// --- evidence ------------------------------------------------------------------------------------------------

const evidence = byId("evidence");

function copyOf(element) {
  const copy = element.cloneNode(true);
  copy.removeAttribute("id");
  for (const inner of all("[id]", copy)) inner.removeAttribute("id");
  return copy;
}

// What stands behind a figure, shown where the reader is; with a modifier, or without script, the link leads to it.
function openEvidence(event) {
  const link = event.target.closest("[data-evidence]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const entry = byId(link.hash.slice(1));
  if (!entry) return;
  event.preventDefault();
  const name = copyOf(entry.closest(".trace").querySelector("summary"));
  const title = document.createElement("div");
  title.className = "evidence-title";
  title.append(...name.childNodes);
  const definition = byId(entry.querySelector('a[href^="#definition-"]').hash.slice(1));
  const meaning = document.createElement("p");
  meaning.textContent = definition.querySelector("dd").textContent;
  const copy = copyOf(entry);
  copy.querySelector(".to-definition").remove();
  byId("evidence-body").replaceChildren(
    title, copy, meaning, copyOf(entry.closest(".trace").querySelector(".signature")),
  );
  evidence.showModal();
}

for (const heading of all("th[data-sort]")) makeSortable(heading);
byId("summary").addEventListener("click", openEvidence);
// A link inside the dialog leads into the page behind it; a click beside the dialog closes it.
for (const dialog of all("dialog")) {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("a")) dialog.close();
  });
}
