// What is wrong with the slide that is shown, as pairs of a cell's id and a sentence.
([width, height, smallest]) => {
  const problems = [];
  const slide = Reveal.getCurrentSlide();
  const cellOf = (element) => element.closest('[id^="cell-id="]');
  const say = (element, text) => {
    const cell = cellOf(element);
    problems.push([cell ? cell.id.replace("cell-id=", "") : "", text]);
  };

  // What stands outside the slide, or is cut off inside a box; the worst of each cell.
  const worst = new Map();
  for (const element of slide.querySelectorAll("*")) {
    if (!cellOf(element) || element.closest("aside.notes, mjx-assistive-mml")) continue;
    const box = element.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    const outside = Math.max(-box.left, -box.top, box.right - width, box.bottom - height);
    const cutOff = element.matches("pre, .jp-OutputArea-output, .jp-RenderedHTMLCommon")
      ? Math.max(element.scrollWidth - element.clientWidth, element.scrollHeight - element.clientHeight)
      : 0;
    const pixels = Math.max(outside, cutOff);
    if (pixels > 1) worst.set(cellOf(element), Math.max(pixels, worst.get(cellOf(element)) || 0));
  }
  for (const [cell, pixels] of worst) say(cell, `overflows the slide by ${Math.round(pixels)} pixels`);

  for (const image of slide.querySelectorAll("img")) {
    if (!image.complete || !image.naturalWidth) {
      say(image, "has a broken figure: it does not load");
      continue;
    }
    const scale = image.getBoundingClientRect().width / image.naturalWidth;
    if (scale < smallest) {
      const percent = (share) => `${Math.round(100 * share)} %`;
      say(image, `has a figure at ${percent(scale)} of its size, at least ${percent(smallest)}: `
        + "give it a slide of its own, or draw it smaller");
    }
  }

  for (const bad of slide.querySelectorAll('[data-mml-node="merror"]')) {
    say(bad, "has a formula that cannot be rendered");
  }
  for (const text of slide.querySelectorAll(".jp-RenderedMarkdown")) {
    const plain = text.cloneNode(true);
    plain.querySelectorAll("code, pre, mjx-container").forEach((part) => part.remove());
    if (/\$[^$]+\$/.test(plain.textContent)) say(text, "has a formula that is not rendered");
  }
  return problems;
}
