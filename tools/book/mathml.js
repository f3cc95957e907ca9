// A line [formula, display] in, a line of MathML out. The argument is the folder of npm's packages.
const lines = require("readline").createInterface({ input: process.stdin });
require(`${process.argv[2]}/mathjax`).init({ loader: { load: ["input/tex"] }, startup: { typeset: false } }).then((MathJax) => {
  lines.on("line", (line) => {
    const [formula, display] = JSON.parse(line);
    console.log(JSON.stringify(MathJax.tex2mml(formula, { display }).replace(/\s*\n\s*/g, "")));
  });
});
