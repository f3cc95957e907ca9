// What the theme leaves without a name or out of reach of the keyboard.
document.addEventListener("DOMContentLoaded", () => {
  // Wide code and formulas scroll: then the keyboard must reach them.
  const reach = () => {
    for (const box of document.querySelectorAll("pre, .bd-article table, div.math, mjx-container")) {
      if (box.scrollWidth > box.clientWidth && !box.querySelector("a, button")) box.tabIndex = 0;
    }
  };
  reach();
  window.addEventListener("load", reach);
  if (window.MathJax?.startup?.promise) window.MathJax.startup.promise.then(reach);
  // A label must hold the words that are seen.
  for (const button of document.querySelectorAll("button[aria-label], a[aria-label]")) {
    const seen = button.innerText.trim();
    if (seen && !button.ariaLabel.toLowerCase().includes(seen.toLowerCase())) button.ariaLabel = seen;
  }
  for (const bar of document.querySelectorAll(".bd-header-article, .prev-next-footer")) {
    if (!bar.closest("main, nav, header, footer, aside")) bar.role = "navigation";
  }
});
