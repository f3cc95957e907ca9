// A trained network reads: the loop of lesson 1, with the GRU of lesson 6, forwards and backwards.
// Arrays are flat: W[i * columns + j] is row i, column j. GRU columns come in Keras's order z, r, g.
"use strict";

// The words of a text as course_utils.text.tokenize cuts it; the model's file brings the lists.
const ENTITY = /&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});/g;
const LETTERS = "[\\p{L}\\p{N}]+(?:[\\p{Mn}\\p{Mc}]+[\\p{L}\\p{N}]*)*";
const WORD = new RegExp(`${LETTERS}(?:'${LETTERS})*`, "gu");
function character(entity) {  // a text field knows what &eacute; means, and runs nothing
  const field = document.createElement("textarea");
  field.innerHTML = entity;
  return field.value;
}
function tokenize(text, { tag, apostrophes, without_width }) {
  text = text.replace(/&(?:amp;)+/g, "&").replace(ENTITY, character).replace(new RegExp(tag, "gi"), " ");
  text = Array.from(text.replaceAll("`", "'").toLowerCase(), (sign) =>
    apostrophes.includes(sign) ? "'" : without_width.includes(sign) ? "" : sign).join("");
  return text.normalize("NFC").match(WORD) ?? [];
}

const sigmoid = (a) => 1 / (1 + Math.exp(-a));

// x W + b for one word: what a step needs of its input. Made once a word, not once a step.
function project(x, gru) {
  const a = Float64Array.from(gru.bias);
  for (let i = 0; i < x.length; i++)
    for (let j = 0; j < a.length; j++) a[j] += x[i] * gru.kernel[i * a.length + j];
  return a;
}

// One timestep: x W + b and the state h before; writes the state after into `after`.
// Four rows of U at a time, because that is twice as fast as one by one.
function step(a, h, gru, after) {
  const n = gru.units, columns = 3 * n, U = gru.recurrent, past = gru.past;
  past.set(gru.past_bias);  // h U + b'
  for (let i = 0; i < n; i += 4) {
    const h0 = h[i], h1 = h[i + 1], h2 = h[i + 2], h3 = h[i + 3], row = i * columns;
    for (let j = 0; j < columns; j++)
      past[j] += h0 * U[row + j] + h1 * U[row + columns + j] + h2 * U[row + 2 * columns + j] + h3 * U[row + 3 * columns + j];
  }
  for (let j = 0; j < n; j++) {
    const z = sigmoid(a[j] + past[j]);
    const r = sigmoid(a[n + j] + past[n + j]);
    const g = Math.tanh(a[2 * n + j] + r * past[2 * n + j]);
    after[j] = z * h[j] + (1 - z) * g;
  }
}

// Yields the logit after every word: what the network says about the text up to there.
// The network looks at the largest value of each unit over all timesteps, in both directions.
// Forwards a word is one more step. Backwards it is a new beginning, so all steps are made again.
function* read(ids, model) {
  const { table, features, forward, backward, dense } = model, n = forward.units;
  const seen = [], h = new Float64Array(n), b = new Float64Array(n);
  const most = new Float64Array(n).fill(-Infinity), most_back = new Float64Array(n);
  for (let t = 0; t < ids.length; t++) {
    const x = table.subarray(ids[t] * features, (ids[t] + 1) * features);
    step(project(x, forward), h, forward, h);
    for (let j = 0; j < n; j++) most[j] = Math.max(most[j], h[j]);
    seen.push(project(x, backward));
    b.fill(0);
    most_back.fill(-Infinity);
    for (let p = t; p >= 0; p--) {
      step(seen[p], b, backward, b);
      for (let j = 0; j < n; j++) if (b[j] > most_back[j]) most_back[j] = b[j];
    }
    let logit = dense.bias;
    for (let j = 0; j < n; j++) logit += most[j] * dense.kernel[j] + most_back[j] * dense.kernel[n + j];
    yield logit;
  }
}

// What the network is given of a text: its last ids, with the start id in front where there is room.
function encode(text, model) {
  const words = tokenize(text, model);
  const ids = words.map((word) => model.ids.get(word) ?? model.unknown);
  const all = words.length ? [model.start, ...ids].slice(-model.longest) : [];
  const read = Math.min(words.length, all.length);
  const of_words = all.slice(all.length - read);
  return { words, ids: all, read: words.slice(words.length - read), known: of_words.filter((id) => id !== model.unknown).length };
}

// The file: a line of JSON that names the parts and their shapes, then float16 numbers.
function load(buffer) {
  const bytes = new Uint8Array(buffer), end = bytes.indexOf(10);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  const half = new Uint16Array(buffer.slice(end + 1));
  const number = new Float32Array(65536);  // every float16 there is
  for (let k = 0; k < 65536; k++) {
    const exponent = (k >> 10) & 31, fraction = k & 1023;
    number[k] = (k >> 15 ? -1 : 1) * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
  }
  let from = 0;
  const take = (count) => Float32Array.from(half.subarray(from, (from += count)), (k) => number[k]);
  const gru = () => {
    const columns = 3 * head.units, kernel = take(head.features * columns);
    const recurrent = Float64Array.from(take(head.units * columns));  // not converted anew at every step
    const bias = take(columns), past_bias = take(columns);
    return { units: head.units, kernel, recurrent, bias, past_bias, past: new Float64Array(columns) };
  };
  const model = { ...head, table: take(head.rows * head.features), forward: gru(), backward: gru() };
  model.dense = { kernel: take(2 * head.units), bias: take(1)[0] };
  model.ids = new Map(head.words.map((word, k) => [word, k + head.first]));
  return model;
}
