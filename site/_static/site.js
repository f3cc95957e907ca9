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
  // The sidebar stands in no landmark: a reader of the page by ear could not jump to it.
  const sidebar = document.querySelector(".bd-sidebar-primary");
  if (sidebar) Object.assign(sidebar, { role: "navigation", ariaLabel: "Pages" });
});
