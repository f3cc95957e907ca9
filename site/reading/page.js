// The page around loop.js: takes a text, shows what the network says after every word.
"use strict";
const $ = (id) => document.getElementById(id);
const SLICE = 40;  // milliseconds of reading before the page may draw and hear the keyboard again
let model = null, turn = 0;

// From a server the weights come as one binary file; opened from a disk, browsers refuse that, and
// the same bytes come as a script.
async function weights() {
  if (location.protocol !== "file:") {
    const answer = await fetch("model.bin");
    if (!answer.ok) throw new Error(`model.bin did not load (${answer.status}): build the site again`);
    return answer.arrayBuffer();
  }
  await new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = "model.js";
    script.onload = done;
    script.onerror = () => failed(new Error("model.js did not load: it lies beside this page, copy the whole folder"));
    document.head.append(script);
  });
  return Uint8Array.from(atob(MODEL), (letter) => letter.charCodeAt(0)).buffer;
}

const element = (name, content = "", attributes = {}) => {
  const made = document.createElement(name);
  made.append(...[content].flat());
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

// Blue for negative, white for undecided, orange for positive, as in lesson 12; black text is readable on all.
function colour(p) {
  const [r, g, b] = p < 0.5 ? [100, 170, 240] : [240, 160, 70], share = Math.abs(2 * p - 1);
  return `rgb(${[r, g, b].map((value) => Math.round(255 + share * (value - 255))).join()})`;
}

function curve(probabilities, room) {
  // As wide as its place, so that its labels are as large as other text, on a phone too.
  const width = Math.max(280, Math.min(900, room || 600)), height = 200, left = 40, bottom = 30, n = probabilities.length;
  const x = (k) => left + (n > 1 ? (k / (n - 1)) * (width - left - 10) : 0);
  const y = (p) => 10 + (1 - p) * (height - bottom - 10);
  const points = probabilities.map((p, k) => `${x(k).toFixed(1)},${y(p).toFixed(1)}`).join(" ");
  const ticks = [0, 0.5, 1].map((p) =>
    `<line class="axis" x1="${left}" x2="${width - 10}" y1="${y(p)}" y2="${y(p)}" stroke-dasharray="${p === 0.5 ? 4 : 0}"/><text x="8" y="${y(p) + 4}">${p}</text>`).join("");
  const last = probabilities[n - 1].toFixed(2);
  const holder = element("div");
  holder.innerHTML = `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Curve of P(positive) over the ${n} words read; it ends at ${last}.">
${ticks}<polyline class="curve" points="${points}"/><text x="${left}" y="${height - 6}">word 1</text><text x="${width - 10}" y="${height - 6}" text-anchor="end">word ${n}</text></svg>`;
  return holder;
}

// What such probabilities meant on test reviews: how many of them were positive.
function record(p) {
  const bin = model.record.find(([from, to]) => p >= from && p <= to);
  if (!bin) return "How often such a P was right was not measured.";
  const [from, to, reviews, positive] = bin;
  return `What that has meant so far: of ${reviews.toLocaleString("en")} test reviews with P from ${from.toFixed(1)} to ${to.toFixed(1)}, ${positive.toLocaleString("en")} were positive (${((100 * positive) / reviews).toFixed(0)} %).`;
}

function show(place, text, found, logits) {
  const counts = `words: ${found.words.length.toLocaleString("en")}, read: ${found.read.length.toLocaleString("en")}, known: ${found.known.toLocaleString("en")}`;
  place.replaceChildren();
  if (!found.words.length) {
    place.append(element("p", "No verdict: there is no word in this text, so there is nothing to read.", { class: "verdict" }));
    return;
  }
  const p = logits.map(sigmoid), last = p[p.length - 1];
  const enough = found.known >= model.least_known * found.read.length;
  place.append(element("p", enough ? `${last > 0.5 ? "Positive" : "Negative"}, P(positive) = ${last.toFixed(2)}`
    : "No verdict, too little is known (another language?).", { class: "verdict" }));
  if (enough) place.append(element("p", record(last)));
  place.append(element("p", `${counts}. Words without a row of their own are underlined with dots: to the net they are all the same.`));
  const words = element("p", found.read.map((word, k) => {
    const known = model.ids.has(word) && model.ids.get(word) < model.rows;
    const made = element("span", [word, element("small", p[k].toFixed(2))], { style: `background:${colour(p[k])}` });
    if (!known) made.className = "unknown";
    return made;
  }), { class: "words", tabindex: 0, role: "group", "aria-label": "the words, each with P(positive) after it" });
  place.append(words, curve(p, place.clientWidth));
  const moves = found.read.map((word, k) => [word, k, logits[k] - (k ? logits[k - 1] : model.start_logit)]);
  moves.sort((a, b) => Math.abs(b[2]) - Math.abs(a[2]));
  const table = element("table", element("caption", "The words that moved it most"));
  table.append(element("tr", ["word", "place", "score (logit) moved by", "P after it"].map((title) => element("th", title, { scope: "col" }))));
  for (const [word, k, move] of moves.slice(0, 8))
    table.append(element("tr", [word, `${k + 1}`, `${move > 0 ? "+" : "−"}${Math.abs(move).toFixed(2)}`, p[k].toFixed(2)].map((value) => element("td", value))));
  place.append(table);
}

async function readText(text, place, mine) {
  const found = encode(text, model), logits = [];
  let paused = performance.now();
  for (const logit of read(found.ids, model)) {
    logits.push(logit);
    if (performance.now() - paused > SLICE) {
      $("progress").value = logits.length / found.ids.length;
      await new Promise((go) => setTimeout(go));
      if (mine !== turn) return;
      paused = performance.now();
    }
  }
  show(place, text, found, logits.slice(logits.length - found.read.length));
}

async function run() {
  const mine = ++turn, both = $("pair").checked, begun = performance.now();
  const texts = both ? [$("text").value, $("other").value] : [$("text").value];
  const places = texts.map(() => element("section", "", { "aria-label": "what the net says" }));
  $("results").replaceChildren(...places);
  $("progress").hidden = $("stop").hidden = false;
  for (const [k, text] of texts.entries()) {
    $("progress").value = 0;
    await readText(text, places[k], mine);
    if (mine !== turn) return;
  }
  $("progress").hidden = $("stop").hidden = true;
  $("status").textContent = `Read in ${((performance.now() - begun) / 1000).toFixed(2)} seconds.`;
}

$("form").addEventListener("submit", (event) => { event.preventDefault(); if (model) run(); });
$("stop").addEventListener("click", () => { turn++; $("progress").hidden = $("stop").hidden = true; $("status").textContent = "Stopped."; });
$("pair").addEventListener("change", () => { $("second").hidden = !$("pair").checked; });
$("example").addEventListener("change", () => {
  const chosen = EXAMPLES[$("example").value];
  if (!chosen) return;
  [$("text").value, $("other").value] = [chosen.texts[0], chosen.texts[1] ?? ""];
  $("pair").checked = chosen.texts.length === 2;
  $("second").hidden = !$("pair").checked;
  if (model) run();
});
for (const kind of ["review", "pair"]) {
  const group = element("optgroup", "", { label: kind === "review" ? "Reviews" : "Pairs that differ in one place" });
  EXAMPLES.forEach((example, k) => { if ((example.texts.length === 2) === (kind === "pair")) group.append(element("option", example.title, { value: k })); });
  $("example").append(group);
}
weights().then((buffer) => {
  model = load(buffer);
  for (const name of ["features", "units", "longest"]) $(name).textContent = model[name].toLocaleString("en");
  $("words").textContent = model.words.length.toLocaleString("en");
  model.start_logit = read([model.start], model).next().value;
  $("status").textContent = "Ready.";
}).catch((error) => { $("status").textContent = error.message; });
