"""Train the net of best_model.npz anew: python -m tools.train_best.

It needs the official benchmark's file, see data/README.md, and some minutes.
"""

import sys

from course_utils.best import FILE, describe, train_reader, write
from course_utils.data import load_reviews
from course_utils.systems import SYSTEMS, System, everything


def main() -> int:
    """Train the net of the file on the whole official training half; return the exit status."""
    system = SYSTEMS["best-one"]
    assert isinstance(system, System)
    reviews = load_reviews("keras", num_words=system.num_words)
    reader = train_reader(system, everything(reviews), reviews)
    write(reader, FILE)
    print(f"{FILE.name}: {FILE.stat().st_size / 1e6:.1f} MB, {describe(reader)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
