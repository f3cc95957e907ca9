"""The judges are judged: a fixed sample of the mutants of every solution, each of which must be refused.

`make judges` puts all of them to their checks, which takes some minutes.
"""

import pytest

from tools.mutant_operators import mutants
from tools.mutant_probes import EQUIVALENT, PROBES
from tools.mutate_answers import exercises, judge_mutants, quietly, sample, setup_of

MUTATED = {exercise.number: exercise for exercise in exercises()}
SLOW = {"3.4"}  # trains a network of Keras for every mutant


@pytest.mark.parametrize("number", MUTATED)
def test_mutants_are_refused(number, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", "off")
    setup_of(number)
    with quietly():
        tally = judge_mutants(MUTATED[number], sample(MUTATED[number], 4 if number in SLOW else 16))
    assert tally.refused > 0
    assert tally.broken == []
    if int(number.split(".")[0]) < 8:
        assert [mutant.what for mutant in tally.passed + tally.unrecorded] == []
    else:  # the holes that are known
        assert tally.share > 0.8


def test_every_mutated_exercise_has_a_probe():
    assert set(PROBES) >= set(MUTATED)


@pytest.mark.parametrize("number", EQUIVALENT)
def test_what_is_recorded_as_equivalent_is_a_mutant(number):
    known = [mutant.what for mutant in mutants(MUTATED[number].solution)]
    lost = [what for what in EQUIVALENT[number] if not any(k.startswith(what) for k in known)]
    assert lost == []
