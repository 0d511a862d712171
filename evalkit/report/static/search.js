// --- search across all answers: marks by the highlight API, so that the texts' elements stay as they are ---------

const searchBox = byId("search");
const searchNote = byId("search-note");
const texts = new Map();
const nodesOf = new Map();
let found = [];
let at = -1;

function textOf(passage) {
  if (!texts.has(passage)) {
    const text = passage.textContent;
    const folded = text.toLowerCase();
    texts.set(passage, folded.length === text.length ? folded : text);
  }
  return texts.get(passage);
}

// The text nodes of an answer with the place where each begins: only asked of answers that have a match in sight.
function nodesIn(passage) {
  if (!nodesOf.has(passage)) {
    const nodes = [];
    let start = 0;
    const walker = document.createTreeWalker(passage, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      nodes.push({ node: walker.currentNode, start });
      start += walker.currentNode.length;
    }
    nodesOf.set(passage, nodes);
  }
  return nodesOf.get(passage);
}

function placeOf(nodes, offset) {
  let low = 0;
  let high = nodes.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (nodes[middle].start <= offset) low = middle;
    else high = middle - 1;
  }
  return [nodes[low].node, offset - nodes[low].start];
}

function rangeAt({ passage, start, end }) {
  const nodes = nodesIn(passage);
  const range = new Range();
  range.setStart(...placeOf(nodes, start));
  const [node, offset] = placeOf(nodes, end - 1);
  range.setEnd(node, offset + 1);
  return range;
}

function matchesIn(passage, words) {
  const text = textOf(passage);
  const matches = [];
  for (let i = text.indexOf(words); i >= 0; i = text.indexOf(words, i + words.length)) {
    matches.push({ passage, start: i, end: i + words.length });
  }
  return matches;
}

function mark(name, ranges) {
  if (window.CSS?.highlights) CSS.highlights.set(name, new Highlight(...ranges));
}

// Only what is near the reader is marked: a page may hold thousands of matches.
function markNear() {
  const near = prompts.slice(Math.max(0, currentPrompt() - 1), currentPrompt() + 3);
  mark("found", found.filter(({ passage }) => near.some((prompt) => prompt.contains(passage))).map(rangeAt));
}

function tellMatches(words) {
  if (!words) return (searchNote.textContent = "");
  const names = new Map();
  for (const { passage } of found) {
    const name = passage.closest(".answer").querySelector(".answer-name").textContent;
    names.set(name, (names.get(name) || 0) + 1);
  }
  const counts = [...names].map(([name, n]) => `${name} ${n}`).join(", ");
  const isBlind = document.body.classList.contains("is-blind");
  const n = found.length.toLocaleString("en");
  const places = isBlind || !found.length ? "" : `: ${counts}`;
  const position = at < 0 ? "" : `${at + 1} of `;
  searchNote.textContent = `${position}${n} ${found.length === 1 ? "match" : "matches"}${places}`;
}

function search() {
  const words = searchBox.value.toLowerCase();
  const passages = words ? all(".answer:not([hidden]) .passage") : [];
  found = passages.flatMap((passage) => matchesIn(passage, words));
  at = -1;
  markNear();
  mark("found-here", []);
  tellMatches(words);
}

function nextMatch(by) {
  if (!found.length) return;
  at = (at + by + found.length) % found.length;
  const range = rangeAt(found[at]);
  mark("found-here", [range]);
  range.startContainer.parentElement.scrollIntoView({ block: "center", inline: "center" });
  markNear();
  tellMatches(searchBox.value);
}

searchBox.addEventListener("input", search);
searchBox.addEventListener("keydown", (event) => {
  if (event.key === "Enter") nextMatch(event.shiftKey ? -1 : 1);
  if (event.key === "Escape") searchBox.blur();
});
document.addEventListener("scrollend", markNear);
byId("search-next").addEventListener("click", () => nextMatch(1));
for (const box of variantBoxes) box.addEventListener("change", search);

// Browsers restore check boxes on reload; what is shown follows them, and a deep link overrides them.
blindBox.checked = false;
controls.hidden = false;
recall();
window.addEventListener("hashchange", recall);
