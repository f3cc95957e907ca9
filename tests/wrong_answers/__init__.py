"""Plausible wrong answers to every exercise, and the reason that each must get: one file a lesson.

Most are the solution with one slip: (what stands there, what the slip puts there, words of the
reason). None in the first place: the slip is the whole answer.
"""

import importlib
import pkgutil

_LESSONS = sorted(
    module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith("lesson_")
)
WRONG = {
    number: slips
    for name in _LESSONS
    for number, slips in importlib.import_module(f"{__name__}.{name}").WRONG.items()
}
