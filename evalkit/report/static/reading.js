// --- reading view: what is shown, where the reader is, what a mark says -----------------------------------------

const controls = byId("controls");
const sentenceNote = byId("sentence-note");
const prompts = all(".prompt");
const variantBoxes = all("[data-variant]", controls);
const toggles = all("[data-toggle]", controls);

function applyToggle(box) {
  document.body.classList.toggle(box.dataset.toggle, box.checked);
}

function applyVariant(box) {
  for (const column of all(`[data-column="${box.dataset.variant}"]`)) column.hidden = !box.checked;
  const shown = variantBoxes.filter((each) => each.checked).length;
  byId("column-count").textContent = `${shown} of ${variantBoxes.length}`;
}

function flip(box) {
  if (box) box.click();
}

function showColumns(isShown) {
  for (const box of variantBoxes) {
    box.checked = isShown(box);
    applyVariant(box);
  }
  remember();
}

// --- where the reader is ---

function currentPrompt() {
  const line = controls.offsetHeight + 40;
  const index = prompts.findIndex((prompt) => prompt.getBoundingClientRect().bottom > line);
  return index < 0 ? prompts.length - 1 : index;
}

function isAbove(prompt) {
  return prompt.getBoundingClientRect().top > controls.offsetHeight + 40;
}

function goTo(index) {
  const prompt = prompts[Math.min(prompts.length - 1, Math.max(0, index))];
  prompt.scrollIntoView();
  prompt.querySelector(".columns").focus({ preventScroll: true });
  remember(prompt.id);
}

function step(by) {
  const index = currentPrompt();
  // From above the first prompt, the next one is the first.
  goTo(by > 0 && isAbove(prompts[index]) ? index : index + by);
}

// --- deep links: #prompt-2&columns=1,4&off=tint ---

function remember(anchor = prompts[currentPrompt()].id) {
  const hidden = variantBoxes.some((box) => !box.checked);
  const columns = variantBoxes.filter((box) => box.checked).map((box) => box.dataset.variant);
  const off = toggles.filter((box) => !box.checked).map((box) => box.dataset.toggle);
  const state = [anchor, hidden && `columns=${columns}`, off.length && `off=${off}`].filter(Boolean);
  history.replaceState(null, "", `#${state.join("&")}`);
}

function recall() {
  const [anchor, ...settings] = location.hash.slice(1).split("&");
  for (const setting of settings) {
    const [name, values = ""] = setting.split("=");
    const listed = values.split(",");
    if (name === "columns") for (const box of variantBoxes) box.checked = listed.includes(box.dataset.variant);
    if (name === "off") for (const box of toggles) box.checked = !listed.includes(box.dataset.toggle);
  }
  for (const box of toggles) applyToggle(box);
  for (const box of variantBoxes) applyVariant(box);
  const target = byId(anchor);
  if (target && settings.length) target.scrollIntoView();
  if (target && target.matches(".answer[hidden]")) {
    flip(variantBoxes.find((box) => box.dataset.variant === target.dataset.column));
    target.scrollIntoView();
  }
}

// --- what a mark says ---

function tell(element) {
  const sentence = element.closest(".s");
  const mark = element.closest("ins[title], .gone[title], .fork[title]");
  const notes = [sentence?.title, mark?.title].filter(Boolean);
  sentenceNote.hidden = notes.length === 0;
  sentenceNote.textContent = notes.join(". ");
  for (const other of all(".is-read")) other.classList.remove("is-read");
  (sentence || mark)?.classList.add("is-read");
}

function stepSentence(by) {
  const sentences = all(".answer:not([hidden]) .s, .answer:not([hidden]) .fork", prompts[currentPrompt()]);
  if (!sentences.length) return;
  const last = sentences.findIndex((each) => each.classList.contains("is-read"));
  const next = sentences[Math.min(sentences.length - 1, Math.max(0, last + by))];
  next.scrollIntoView({ block: "nearest", inline: "nearest" });
  tell(next);
}

function onAnswer(event) {
  if (document.body.classList.contains("is-blind")) return;
  if (event.target.closest(".passage")) tell(event.target);
}

// --- keys ---

const KEYS = {
  j: () => step(1),
  k: () => step(isAbove(prompts[currentPrompt()]) ? 0 : -1),
  n: () => stepSentence(1),
  p: () => stepSentence(-1),
  d: () => flip(toggles.find((box) => box.dataset.toggle === "show-differences")),
  t: () => flip(toggles.find((box) => box.dataset.toggle === "show-tint")),
  b: () => flip(byId("blind")),
  "/": () => byId("search").focus(),
  "?": () => byId("help").showModal(),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.matches("input[type=search]")) return;
  const act = KEYS[event.key];
  if (act) act();
  else if (/^[0-9]$/.test(event.key)) onNumber((Number(event.key) + 9) % 10);
  else return;
  event.preventDefault();
}

function onNumber(index) {
  if (document.body.classList.contains("is-blind")) pickColumn(index);
  else flip(variantBoxes[index]);
}

for (const box of toggles) box.addEventListener("change", () => (applyToggle(box), remember()));
for (const box of variantBoxes) box.addEventListener("change", () => (applyVariant(box), remember()));
for (const button of all("[data-step]")) button.addEventListener("click", () => step(Number(button.dataset.step)));
for (const button of all("[data-columns]")) {
  const reference = document.querySelector(".answer.is-reference")?.dataset.column;
  button.addEventListener("click", () =>
    showColumns((box) => button.dataset.columns === "all" || box.dataset.variant === reference),
  );
}
byId("help-button").addEventListener("click", () => byId("help").showModal());
byId("answers").addEventListener("click", onAnswer);
byId("answers").addEventListener("mouseover", onAnswer);
controls.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", onKey);
document.addEventListener("click", (event) => {
  for (const menu of all("details.columns-menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
