"""A right answer is right in every form that the text allows; a bad one harms no other check."""

import contextlib
import functools
import os
import random
import time

import numpy as np
import pytest

from course_utils import exercises as course
from course_utils.exercises import guard
from tools.mutate_answers import names_of, setup_of

EXERCISES = course.exercises()
INTEGERS = [int, float, *map(np.dtype, ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"])]
INTEGERS += [np.longdouble]
FLOATS = [float, *map(np.dtype, ["f2", "f4", "f8"]), np.longdouble]


def in_type(kind):
    def convert(value):
        if isinstance(kind, np.dtype):
            return kind.type(value)
        return kind(value)

    return convert


def tensor(value):
    import tensorflow as tf

    return tf.constant(value)


def variable(value):
    import tensorflow as tf

    return tf.Variable(value)


def forms_of(value):
    """Return names and values of all forms of a right answer that is no function."""
    if isinstance(value, bool | str):
        return {}
    if isinstance(value, int | float):
        kinds = INTEGERS if isinstance(value, int) else FLOATS
        found = {}
        for kind in kinds:
            if isinstance(kind, np.dtype) and kind.kind in "iu":
                limits = np.iinfo(kind)
                if not limits.min <= value <= limits.max:
                    continue
            if kind == np.dtype("f2") and (
                abs(value) > 2**16 or float(np.float16(value)) != value != int(value)
            ):
                found |= {} if abs(value) > 2**16 else {"float16": np.float16(value)}
                continue
            found[str(kind)] = in_type(kind)(value)
        return found | {"0-d": np.array(value), "tensor": tensor(value), "variable": variable(value)}
    if isinstance(value, tuple | list):
        other = list(value) if isinstance(value, tuple) else tuple(value)
        numpy = type(value)(np.int64(v) for v in value)
        return {"list or tuple": other, "array": np.array(value), "of int64": numpy, "tensor": tensor(value)}
    return {}


def through(convert, result):
    if isinstance(result, list | tuple):
        return type(result)(through(convert, part) for part in result)
    if isinstance(result, dict):
        return {key: through(convert, part) for key, part in result.items()}
    is_number = isinstance(result, np.ndarray | float | np.floating) and np.asarray(result).dtype.kind == "f"
    return convert(result) if is_number else result


def swapped(result):
    return (
        list(result) if isinstance(result, tuple) else tuple(result) if isinstance(result, list) else result
    )


class Callable:
    def __init__(self, function):
        self.function = function

    def __call__(self, *arguments):
        return self.function(*arguments)


def after(function, change):
    @functools.wraps(function)
    def wrapped(*arguments):
        return change(function(*arguments))

    return wrapped


WRAPPED = {
    "partial": functools.partial,
    "object that can be called": Callable,
    "any arguments": lambda f: after(f, lambda result: result),
    "float32": lambda f: after(f, lambda result: through(np.float32, result)),
    "tensors": lambda f: after(f, lambda result: through(tensor, result)),
    "0-d arrays": lambda f: after(
        f, lambda result: through(lambda r: r if np.ndim(r) else np.array(r), result)
    ),
    "list or tuple": lambda f: after(f, swapped),
}
FORBIDDEN = {("15.4", "float32"): "its text asks for float64, in which nudges can be told from formulas"}


def forms(number):
    """Yield the name of an answer, of its form, and all answers with this one in it."""
    exercise = EXERCISES[number]
    names = names_of(number, exercise.solution)
    right = [names[answer] for answer in exercise.answers]
    for k, value in enumerate(right):
        if isinstance(value, type):
            continue
        changed = (
            {form: wrap(value) for form, wrap in WRAPPED.items()} if callable(value) else forms_of(value)
        )
        for form, other in changed.items():
            if (number, form) not in FORBIDDEN:
                yield exercise.answers[k], form, [*right[:k], other, *right[k + 1 :]]


@pytest.fixture(autouse=True)
def no_progress(monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", "off")


@pytest.mark.parametrize("number", EXERCISES)
def test_every_form_of_a_right_answer_is_right(number):
    setup_of(number)
    tried = [(name, form, course._judge(EXERCISES[number], answers)) for name, form, answers in forms(number)]
    assert [(name, form, verdict) for name, form, (right, verdict) in tried if not right] == []


# Bad input


def right_loop():
    return names_of("1.2", EXERCISES["1.2"].solution)["run_batch"]


def judged(answer, number="1.2"):
    right, verdict = course._judge(EXERCISES[number], [answer] * len(EXERCISES[number].answers))
    assert course._judge(EXERCISES["1.2"], [right_loop()]) == (True, f"Exercise 1.2 (Code) is right. {WHY}")
    return right, verdict


WHY = EXERCISES["1.2"].why


def forever(*arguments):
    while True:
        pass


def sleeping(*arguments):
    time.sleep(1000)


def stubborn(*arguments):
    while True:
        with contextlib.suppress(Exception):
            forever()


@pytest.mark.parametrize("answer", [forever, sleeping, stubborn])
def test_an_answer_that_hangs_is_stopped(answer, monkeypatch):
    monkeypatch.setattr(guard, "SECONDS", 1.0)
    begin = time.monotonic()
    right, verdict = course._judge(EXERCISES["1.2"], [answer])
    assert time.monotonic() - begin < 10
    assert not right
    assert "after 1 seconds the check had no answer, and was stopped" in verdict
    monkeypatch.undo()
    assert course._judge(EXERCISES["1.2"], [right_loop()])[0]


def test_an_answer_that_hangs_is_stopped_without_signals(monkeypatch):
    monkeypatch.delattr(guard.signal, "setitimer")
    monkeypatch.setattr(guard, "SECONDS", 1.0)
    assert "was stopped" in course._judge(EXERCISES["1.2"], [forever])[1]
    monkeypatch.undo()
    time.sleep(1.5)  # nothing of it comes later
    assert course._judge(EXERCISES["1.2"], [right_loop()])[0]


def test_an_answer_that_prints_a_lot_is_cut(capsys):
    def loud(*arguments):
        for i in range(1000):
            print("line", i)
        return right_loop()(*arguments)

    right, verdict = judged(loud)
    assert right
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == guard.LINES
    assert "lines more than the 20 that are shown" in verdict


SPOILT = {
    "NumPy's random numbers": lambda: np.random.seed(0),
    "how NumPy treats errors": lambda: np.seterr(all="raise"),
    "how NumPy prints": lambda: np.set_printoptions(precision=2),
    "the working folder": lambda: os.chdir("/"),
    "Keras's setting floatx": lambda: keras_config("set_floatx", "float16"),
    "Keras's setting epsilon": lambda: keras_config("set_epsilon", 0.1),
    "Keras's setting image_data_format": lambda: keras_config("set_image_data_format", "channels_first"),
}


def test_pythons_random_numbers_are_put_back():
    def changing(*arguments):
        random.seed(0)
        return right_loop()(*arguments)

    before = random.getstate()
    assert judged(changing) == (True, f"Exercise 1.2 (Code) is right. {WHY}")
    assert random.getstate() == before


def keras_config(name, value):
    import keras

    getattr(keras.config, name)(value)


@pytest.mark.parametrize("setting", SPOILT)
def test_a_setting_that_an_answer_changes_is_put_back(setting):
    import keras

    def changing(*arguments):
        result = right_loop()(*arguments)
        SPOILT[setting]()
        return result

    before = repr([get() for get, _ in guard._settings().values()])
    right, verdict = judged(changing)
    assert right
    assert f"Your answer changed {setting}" in verdict
    assert verdict.count("Your answer changed") == 1
    assert repr([get() for get, _ in guard._settings().values()]) == before
    assert keras.config.floatx() == "float32"


class Odd(BaseException):
    def __str__(self):
        raise ValueError


class Prickly:
    """Raises at whatever is done with it."""

    def _refuse(self, *arguments):
        raise RuntimeError("do not touch")

    __array__ = __len__ = __iter__ = __getitem__ = __eq__ = __float__ = __int__ = __bool__ = __repr__ = (
        _refuse
    )
    __str__ = __lt__ = __abs__ = __call__ = __add__ = __index__ = __contains__ = _refuse
    __hash__ = object.__hash__
    shape = dtype = property(_refuse)


def raising(error):
    def answer(*arguments):
        raise error

    return answer


@pytest.mark.parametrize(
    "error", [SystemExit(3), Odd(), StopIteration(), GeneratorExit(), RecursionError("deep")], ids=repr
)
def test_an_odd_error_is_a_reason(error):
    right, verdict = judged(raising(error))
    assert not right
    assert f"raised {type(error).__name__}" in verdict


@pytest.mark.parametrize("number", EXERCISES)
def test_odd_answers_do_not_break_a_check(number):
    for answer in (
        Prickly(),
        lambda *a: Prickly(),
        Prickly,
        lambda *a: (x for x in a),
        raising(SystemExit()),
    ):
        right, verdict = judged(answer, number)
        assert not right, answer
        assert "is not right yet" in verdict or "is not tried yet" in verdict, verdict


FUNCTIONS = [n for n, e in EXERCISES.items() if e.solution.lstrip().startswith("def ")]


@pytest.mark.parametrize("number", FUNCTIONS)
def test_a_class_is_no_function(number):
    class Answer:
        def __init__(self, *arguments):
            self.arguments = arguments

    right, verdict = course._judge(EXERCISES[number], [Answer] * len(EXERCISES[number].answers))
    assert not right
    assert "is a class, expected a function" in verdict, verdict


def test_an_interruption_by_the_student_is_none_of_an_answer():
    with pytest.raises(KeyboardInterrupt):
        course._judge(EXERCISES["1.2"], [raising(KeyboardInterrupt())])
