"""Draw the two pictures of the README from what is committed: python -m tools.front_door.

docs/pictures/word_by_word.png   the best net reads a review: P(positive) after every word
docs/pictures/scoreboard.png     accuracy on the official test half, of every system in the results file
"""

import statistics

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np

from course_utils import best, plots
from course_utils.reading import Reader
from course_utils.scoreboard import runs
from tools import ROOT
from tools.train_scoreboard import plain_name

PICTURES = ROOT / "docs" / "pictures"
REVIEW = (
    "The first twenty minutes are terrible: wooden acting, a boring voice that explains what we see anyway. "
    "But stay in your seat. What follows is one of the most moving and wonderful stories I know."
)
LINEAR = ("bag-of-words", "tfidf-bigrams", "tfidf-bigrams-all", "nb-bigrams", "nb-trigrams")


def word_by_word() -> plt.Figure:
    """A review, with a field of colour behind every word."""
    words, trace = Reader.load(best.FILE).words_and_trace(REVIEW)
    title = f"P(positive) after every word: the verdict is {trace[-1]:.2f}"
    return plots.words_in_color(words, {title: trace}, low=0, high=1, columns=90)


def scoreboard() -> plt.Figure:
    """One point a system, the worst at the bottom; a line from the lowest to the highest seed."""
    official = [run for run in runs(source="keras") if run["system"] != "majority"]
    tested = {
        name: [run["test_accuracy"] for run in official if run["system"] == name]
        for name in {run["system"] for run in official}
    }
    ranked = sorted(tested, key=lambda name: statistics.mean(tested[name]))
    figure, axis = plt.subplots(figsize=(11, 0.36 * len(ranked) + 1))
    for row, name in enumerate(ranked):
        color = "C1" if name in LINEAR else "C0"
        axis.plot([min(tested[name]), max(tested[name])], [row, row], color=color, linewidth=2)
        axis.plot(statistics.mean(tested[name]), row, marker="s" if name in LINEAR else "o", color=color)
    axis.plot([], [], "o", color="C0", label="a network")
    axis.plot([], [], "s", color="C1", label="counts of words and pairs, no network")
    axis.set(yticks=np.arange(len(ranked)), yticklabels=[plain_name(name) for name in ranked])
    axis.set(xlabel="accuracy on the official test reviews")
    axis.legend(loc="upper left")
    return figure


def main() -> int:
    """Write both pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for draw in (word_by_word, scoreboard):
        draw().savefig(PICTURES / f"{draw.__name__}.png", dpi=110, metadata={"Software": None})
        print(f"docs/pictures/{draw.__name__}.png")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
