// --- reading blind: letters for names, shuffled anew for every prompt, until the reader reveals them -------------

const blindBox = byId("blind");
const reveal = byId("reveal");

function shuffled(items) {
  const mixed = [...items];
  const random = new Uint32Array(mixed.length);
  crypto.getRandomValues(random);
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = random[i] % (i + 1);
    [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
  }
  return mixed;
}

// 0 -> A, 25 -> Z, 26 -> AA
function letter(index) {
  const rest = Math.floor(index / 26);
  return (rest ? letter(rest - 1) : "") + String.fromCharCode(65 + (index % 26));
}

function giveLetter(column, index) {
  const name = document.createElement("span");
  name.className = "blind-name";
  name.textContent = letter(index);
  const favourite = document.createElement("button");
  favourite.type = "button";
  favourite.className = "favourite";
  favourite.textContent = "favourite";
  favourite.setAttribute("aria-label", `Favourite: answer ${letter(index)}`);
  favourite.ariaPressed = "false";
  favourite.addEventListener("click", () => pick(favourite));
  column.querySelector("h4").prepend(name, favourite);
}

function pick(favourite) {
  favourite.ariaPressed = String(favourite.ariaPressed !== "true");
  const n = all('.favourite[aria-pressed="true"]').length;
  reveal.textContent = n ? `Reveal (${n} marked)` : "Reveal";
}

function pickColumn(index) {
  const favourite = all(".answer:not([hidden]) .favourite", prompts[currentPrompt()])[index];
  if (favourite) pick(favourite);
}

function beginBlind() {
  sentenceNote.hidden = true;
  for (const prompt of prompts) {
    const columns = prompt.querySelector(".columns");
    const mixed = shuffled(columns.children);
    mixed.forEach((column, index) => giveLetter(column, index));
    columns.append(...mixed);
    columns.scrollLeft = 0;
  }
  document.body.classList.add("is-blind");
  byId("search").value = "";
  search();
  reveal.textContent = "Reveal";
  reveal.hidden = false;
}

function tally() {
  const counts = new Map();
  for (const favourite of all('.favourite[aria-pressed="true"]')) {
    const name = favourite.closest("h4").querySelector(".answer-name").textContent;
    counts.set(name, (counts.get(name) || 0) + 1);
  }
  const lines = [...counts].sort((a, b) => b[1] - a[1]).map(([name, n]) => `${name} ${n}×`);
  return lines.length ? `Your favourites: ${lines.join(", ")}.` : "You marked no favourite.";
}

function revealNames() {
  document.body.classList.remove("is-blind");
  document.body.classList.add("is-revealed");
  reveal.hidden = true;
  byId("search-note").textContent = tally();
}

function endBlind() {
  document.body.classList.remove("is-blind", "is-revealed");
  reveal.hidden = true;
  byId("search-note").textContent = "";
  const order = variantBoxes.map((box) => box.dataset.variant);
  for (const added of all(".blind-name, .favourite")) added.remove();
  for (const prompt of prompts) {
    const columns = prompt.querySelector(".columns");
    const sorted = [...columns.children].sort(
      (a, b) => order.indexOf(a.dataset.column) - order.indexOf(b.dataset.column),
    );
    columns.append(...sorted);
  }
}

blindBox.addEventListener("change", () => (blindBox.checked ? beginBlind() : endBlind()));
reveal.addEventListener("click", revealNames);
