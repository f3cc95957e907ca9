"""What the authors and teachers of the course run; students need none of it.

Every tool runs from the project's folder, as `python -m tools.NAME` (the Makefile has a target for
each), and works on the clone that it stands in.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
SHIPPED = ROOT / "course_utils" / "shipped"  # where course_utils.files.course_file finds what is measured
