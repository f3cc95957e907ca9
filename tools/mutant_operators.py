"""Mutants of a right answer: small changes of its syntax tree, each of which should be a wrong answer.

Looked at before (December 2026): mutmut 3 and poodle change files of a package and start pytest anew for
each mutant; mutatest is no longer kept. cosmic-ray can change a text in this process, and its operators
(other signs, numbers one up and one down, `not`, a loop of no turns) were run on all solutions as a second
opinion. It knows nothing of what goes wrong in answers to this course, an ignored argument, a state that
outlives the call, a size that is written in, a draw that is fixed, and it brings 48 packages along. So the
operators are our own; the general ones among them are no longer than its plug-ins would be.
"""

import ast
import copy
import functools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Change = tuple[str, ast.AST | None]  # what it is, and what stands there instead (None: nothing)


@dataclass(frozen=True)
class Mutant:
    """A changed answer; `what` names the change and is the same in every run."""

    what: str
    source: str


@functools.cache
def mutants(solution: str) -> list[Mutant]:
    """Return every mutant of a solution, each text once, in the order of the tree."""
    tree = ast.parse(solution)
    seen, found = {ast.unparse(tree)}, []
    for number, node in enumerate(ast.walk(tree)):
        node.number = number  # type: ignore[attr-defined]
    for place in _places(tree):
        for what, new in _changes(place):
            changed = _Replaced(place.node.number, new).visit(copy.deepcopy(tree))  # type: ignore[attr-defined]
            text = ast.unparse(ast.fix_missing_locations(changed))
            if text not in seen:
                seen.add(text)
                found.append(Mutant(f"{place.where}: {what}", text))
    return found


@dataclass(frozen=True)
class _Place:
    """A node with what stands around it."""

    node: ast.AST
    parent: ast.AST
    function: ast.FunctionDef | None
    names: tuple[str, ...]  # variables of the function, in order
    outer: bool  # a function that the check calls, no helper inside one
    where: str


def _places(tree: ast.Module) -> Iterator[_Place]:
    def walk(parent: ast.AST, function: ast.FunctionDef | None, names: tuple[str, ...]) -> Iterator[_Place]:
        for node in ast.iter_child_nodes(parent):
            outer = isinstance(node, ast.FunctionDef) and function is None
            where = f"{node.lineno}:{node.col_offset}" if hasattr(node, "lineno") else "0:0"
            yield _Place(node, parent, function, names, outer, where)
            if isinstance(node, ast.Raise):
                continue  # the words of a message are free
            if isinstance(node, ast.FunctionDef):
                yield from walk(node, node, _variables(node))
            else:
                yield from walk(node, function, names)

    yield from walk(tree, None, ())


def _variables(function: ast.FunctionDef) -> tuple[str, ...]:
    stored = [n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return tuple(dict.fromkeys([a.arg for a in function.args.args if a.arg != "self"] + stored))


class _Replaced(ast.NodeTransformer):
    def __init__(self, number: int, new: ast.AST | None) -> None:
        self.number, self.new = number, new

    def visit(self, node: ast.AST) -> Any:
        if getattr(node, "number", None) == self.number:
            return copy.deepcopy(self.new)
        return self.generic_visit(node)


def _changes(place: _Place) -> Iterator[Change]:
    node = place.node
    if place.function is None and not isinstance(node, ast.FunctionDef):
        return
    if isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
        for new in _expressions(place):
            yield f"{_short(node)} → {_short(new)}", new
    elif isinstance(node, ast.stmt):
        yield from _statements(place)


def _short(node: ast.AST | None) -> str:
    return "nothing" if node is None else " ".join(ast.unparse(ast.fix_missing_locations(node)).split())[:70]


def _code(text: str, **parts: ast.AST) -> ast.expr:
    """Return the expression with nodes in place of the names of parts."""
    tree = ast.parse(text, mode="eval").body

    class Fill(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return copy.deepcopy(parts.get(node.id, node))

    filled = Fill().visit(tree)
    assert isinstance(filled, ast.expr)
    return filled


def _with(node: ast.AST, **fields: object) -> Any:
    """Return a copy of a node with other fields."""
    new = copy.deepcopy(node)
    for name, value in fields.items():
        setattr(new, name, copy.deepcopy(value))
    return new


SIGNS: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult, ast.Sub),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.BitOr: (ast.BitAnd,),
    ast.Gt: (ast.GtE, ast.Lt, ast.NotEq),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Eq: (ast.NotEq, ast.GtE, ast.LtE),
    ast.NotEq: (ast.Eq, ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
}
OTHERS = {
    "sum": ("mean", "max"), "mean": ("sum", "max", "min"), "max": ("min", "mean"), "min": ("max",),
    "argmin": ("argmax",), "any": ("all",), "all": ("any",), "zeros": ("ones",), "zeros_like": ("ones_like",),
    "ones": ("zeros",), "stack": ("concatenate",), "tril": ("triu",), "std": ("var",), "var": ("std",),
    "tanh": ("sin",), "hypot": ("maximum",), "log": ("log2",), "add": ("subtract",), "append": ("insert",),
    "permutations": ("list",),
}  # fmt: skip


def _expressions(place: _Place) -> Iterator[ast.expr]:
    """Yield what may stand in place of an expression."""
    node = place.node
    if isinstance(node, ast.BinOp):
        yield from (_with(node, op=op()) for op in SIGNS.get(type(node.op), ()))
        yield from (copy.deepcopy(node.left), copy.deepcopy(node.right))
        if isinstance(node.op, ast.Sub | ast.Div | ast.MatMult | ast.Pow | ast.BitOr):
            yield _with(node, left=node.right, right=node.left)
        if isinstance(node.op, ast.MatMult):
            yield _with(node, right=_code("a.T", a=node.right))
    elif isinstance(node, ast.UnaryOp):
        yield copy.deepcopy(node.operand)
    elif isinstance(node, ast.Compare):
        for op in SIGNS.get(type(node.ops[0]), ()):
            yield _with(node, ops=[op(), *node.ops[1:]])
    elif isinstance(node, ast.BoolOp):
        yield from copy.deepcopy(node.values)
        yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.Constant):
        yield from _constants(node, place.parent)
    elif isinstance(node, ast.Attribute):
        if node.attr == "T":
            yield copy.deepcopy(node.value)
        if place.function and isinstance(node.value, ast.Name) and node.value.id == "self":
            yield from (ast.Constant(size) for size in (3, 4))
            yield _code("keras.ops.stop_gradient(a)", a=node)
    elif isinstance(node, ast.Subscript):
        yield from _subscripts(node)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.IfExp):
        yield from (copy.deepcopy(node.body), copy.deepcopy(node.orelse))
        yield _with(node, body=_code("_fails()"))
        yield _with(node, orelse=_code("_fails()"))
    elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp):
        first = node.generators[0]
        yield from (_with(node, generators=[_with(first, ifs=[])]) for _ in first.ifs)
    elif isinstance(node, ast.Tuple | ast.List) and len(node.elts) > 1:
        yield _with(node, elts=[*node.elts[1:], node.elts[0]])
    elif isinstance(node, ast.Name) and node.id in place.names:
        here = place.names.index(node.id)
        others = place.names[here + 1 :] + place.names[:here]
        yield from (_with(node, id=name) for name in dict.fromkeys(others[:2] + others[-1:]))


def _constants(node: ast.Constant, parent: ast.AST) -> Iterator[ast.expr]:
    value = node.value
    if isinstance(parent, ast.Expr | ast.JoinedStr | ast.FormattedValue):
        return  # a docstring, a message
    if isinstance(parent, ast.keyword) and parent.arg in ("name", "initializer", "kind"):
        return
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield from (ast.Constant(value + 1), ast.Constant(value - 1), ast.Constant(value + 2))
    elif isinstance(value, float):
        yield from (ast.Constant(value * 2), ast.Constant(value / 2), ast.Constant(value + 0.5))
    elif isinstance(value, str):
        yield ast.Constant(value + "x")


def _subscripts(node: ast.Subscript) -> Iterator[ast.expr]:
    yield copy.deepcopy(node.value)
    if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
        yield from (ast.Constant(size) for size in (1, 2, 3, 4))
    if isinstance(node.slice, ast.Tuple):
        first, second, *rest = node.slice.elts
        yield _with(node, slice=_with(node.slice, elts=[second, first, *rest]))
        yield _with(node, slice=_with(node.slice, elts=node.slice.elts[:-1]))
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for k, part in enumerate(parts):
        if not isinstance(part, ast.Slice):
            continue
        for side in ("lower", "upper", "step"):
            if getattr(part, side) is not None:
                new = [_with(part, **{side: None}) if i == k else p for i, p in enumerate(parts)]
                yield _with(node, slice=_with(node.slice, elts=new) if len(parts) > 1 else new[0])


def _calls(node: ast.Call) -> Iterator[ast.expr]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name == "len":
        yield from (ast.Constant(size) for size in (1, 2, 3, 4))
    draws = isinstance(node.func, ast.Attribute) and name in ("permutation", "random", "integers", "choice")
    if draws:
        assert isinstance(node.func, ast.Attribute)
        yield _code("_fixed(a)", a=_with(node, func=_code("np.random.default_rng(0).a")))
        yield _with(node, func=_with(node.func, value=_code("np.random.default_rng(0)")))
        if name == "permutation":
            for way in ("arange", "halves", "buffered", "rolled"):
                yield _code(f"_{way}(a, b)", a=node.func.value, b=node.args[0])
        if name == "random":
            yield _code("np.full(a, 0.5)", a=node.args[0])
    if name == "default_rng":
        yield from (_code("np.random.default_rng(0)"), _code("np.random.default_rng()"))
    of_module = isinstance(node.func, ast.Attribute) and ast.unparse(node.func).startswith(("np.", "keras."))
    if isinstance(node.func, ast.Attribute) and not of_module and name not in ("append", "__init__"):
        yield copy.deepcopy(node.func.value)
    elif node.args and not isinstance(node.args[0], ast.Starred) and name != "super":
        yield copy.deepcopy(node.args[0])
    if isinstance(node.func, ast.Attribute):
        yield from (_with(node, func=_with(node.func, attr=other)) for other in OTHERS.get(name, ()))
    for k, keyword in enumerate(node.keywords):
        if keyword.arg not in ("name", "initializer"):
            yield _with(node, keywords=node.keywords[:k] + node.keywords[k + 1 :])
    if len(node.args) > 1:
        yield _with(node, args=[*node.args[1:], node.args[0]])
        yield _with(node, args=node.args[:-1])
    if name == "add_weight":
        yield _with(node, keywords=[*node.keywords, ast.keyword("trainable", ast.Constant(False))])


def _statements(place: _Place) -> Iterator[Change]:
    node = place.node
    if isinstance(node, ast.FunctionDef):
        if place.outer:
            yield from _functions(node)
        return
    if not isinstance(node, ast.Return) and not (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    ):
        yield f"without {_short(node)}", ast.Pass()
    if isinstance(node, ast.If):
        yield f"if {_short(node.test)} → always", _with(node, test=ast.Constant(True))
        yield f"if {_short(node.test)} → never", _with(node, test=ast.Constant(False))
        yield f"if {_short(node.test)}: fails", _with(node, body=ast.parse("_fails()").body)
        if node.orelse:
            yield f"else of {_short(node.test)}: fails", _with(node, orelse=ast.parse("_fails()").body)
    elif isinstance(node, ast.For):
        for part in ("[1:]", "[:-1]", "[::-1]", "[:1]", "[:4]"):
            yield (
                f"for … in {_short(node.iter)}{part}",
                _with(node, iter=_code(f"list(a){part}", a=node.iter)),
            )
    elif isinstance(node, ast.AugAssign):
        yield f"{_short(node)} → =", ast.Assign([node.target], node.value)
        for op in SIGNS.get(type(node.op), ()):
            yield f"{_short(node)} → {op.__name__}", _with(node, op=op())
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and place.function:
        name, value = node.targets[0].id, node.value
        if isinstance(value, ast.BinOp) and isinstance(value.left, ast.Name) and value.left.id == name:
            yield f"{_short(node)} in place", ast.AugAssign(node.targets[0], value.op, value.right)


def _functions(node: ast.FunctionDef) -> Iterator[Change]:
    """Yield changes of a whole function: what it does with its arguments, its result and its past."""
    arguments = [a.arg for a in node.args.args if a.arg != "self"]
    for name in arguments:
        ways = [*("ignored", "first_seen", "reversed")]
        for way in ways:
            first = ast.parse(f"{name} = _{way}({name}, _kept)").body
            yield f"{node.name}: {name} {way}", _with(node, body=[*first, *node.body])
        for way in ("spoils", "fails_on_ones"):
            decorated = [*node.decorator_list, _code(f"_{way}({arguments.index(name)}, {len(arguments)})")]
            yield f"{node.name}: {way} {name}", _with(node, decorator_list=decorated)
    defaults = node.args.defaults
    for argument, default in zip(arguments[len(arguments) - len(defaults) :], defaults, strict=True):
        first = [ast.Assign([ast.Name(argument, ast.Store())], default)]
        yield f"{node.name}: {argument} always {_short(default)}", _with(node, body=[*first, *node.body])
    if node.name != "__init__" and any(isinstance(n, ast.Return) for n in ast.walk(node)):
        for way in ("remembered", "remembered_by_shape", "squeezed", "detached", "one_buffer"):
            yield f"{node.name}: {way}", _with(node, decorator_list=[_code(f"_{way}"), *node.decorator_list])
    for name in _variables(node):
        if name not in arguments:
            kept = _carried(node, name)
            if kept is not None:
                yield f"{node.name}: {name} outlives the call", kept


def _carried(function: ast.FunctionDef, name: str) -> ast.FunctionDef | None:
    """Return the function with a variable that begins a call as it ended the last one of the same shape."""
    new = copy.deepcopy(function)
    places = [k for k, s in enumerate(new.body) if isinstance(s, ast.Assign) and _stores(s) == [name]]
    loops = [k for k, s in enumerate(new.body) if isinstance(s, ast.For)]
    if not places or not loops or places[0] > loops[-1]:
        return None
    first = new.body[places[0]]
    assert isinstance(first, ast.Assign)
    first.value = _code(f"_carry('{name}', a, _kept)", a=first.value)
    keep = ast.parse(f"_keep('{name}', {name}, _kept)").body
    new.body = [*new.body[: loops[-1] + 1], *keep, *new.body[loops[-1] + 1 :]]
    return new


def _stores(statement: ast.Assign) -> list[str]:
    return [target.id for target in statement.targets if isinstance(target, ast.Name)]


# What stands in the mutants' texts.


ACTED: list[str] = []  # helpers that met something they could change; others leave the solution as it is


def _acts(value: Any, *kinds: type) -> bool:
    """Note whether a helper can do something with a value, or with a part of it."""
    parts = value if isinstance(value, list | tuple) else value.values() if isinstance(value, dict) else ()
    if isinstance(value, kinds) or any(isinstance(part, kinds) or _acts(part, *kinds) for part in parts):
        ACTED.append("acted")
        return True
    return False


def _shape(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value).__name__, tuple(_shape(v) for v in value)
    return np.shape(value) if isinstance(value, np.ndarray) or np.isscalar(value) else type(value).__name__


def _ignored(value: Any, kept: object) -> Any:
    """Return something of the same form that says nothing."""
    _acts(value, np.ndarray, np.random.Generator, bool, int, float, str)
    if isinstance(value, np.ndarray):
        return np.zeros_like(value)
    if isinstance(value, np.random.Generator):
        return np.random.default_rng(0)
    if isinstance(value, list | tuple):
        return type(value)(_ignored(v, kept) for v in value)
    if isinstance(value, dict):
        return {key: _ignored(v, kept) for key, v in value.items()}
    if isinstance(value, bool | int | float | str):
        return type(value)(1) if isinstance(value, int | float) else ""
    return value


def _first_seen(value: Any, kept: dict[str, Any]) -> Any:
    """Return what came first: the answer is made for one input."""
    if callable(value) or not _acts(value, object):
        return value
    return copy.deepcopy(kept.setdefault("first", copy.deepcopy(value)))


def _reversed(value: Any, kept: object) -> Any:
    _acts(value, bool, np.ndarray, list, tuple, str)
    return not value if isinstance(value, bool) else value[::-1] if hasattr(value, "__getitem__") else value


def _spoil(value: Any) -> None:
    if isinstance(value, np.ndarray) and value.ndim and value.dtype.kind == "f":
        value *= 1.5
    elif isinstance(value, np.ndarray) and value.ndim:
        value[...] = 0
    elif isinstance(value, list) and value:
        _spoil(value[0]) if isinstance(value[0], np.ndarray) else value.append(value[0])
    elif isinstance(value, tuple) and value:
        _spoil(value[0])
    elif isinstance(value, dict) and value:
        _spoil(next(iter(value.values())))


def _spoils(k: int, of: int) -> Callable[[Any], Any]:
    """Decorate with a change of argument k in place, after the work is done."""

    def decorate(function: Any) -> Any:
        @functools.wraps(function)
        def spoiling(*arguments: Any) -> Any:
            result = copy.deepcopy(function(*arguments)) if of else None
            own = arguments[len(arguments) - of :] if len(arguments) >= of else arguments
            if k < len(own) and _acts(own[k], np.ndarray, list):
                _spoil(own[k])
            return result

        return spoiling

    return decorate


def _ones(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return len(value) == 1 or any(_ones(v) for v in value if not isinstance(v, str))
    return isinstance(value, np.ndarray) and 1 in value.shape


def _fails_on_ones(k: int, of: int) -> Callable[[Any], Any]:
    """Decorate with an error where argument k has one row, one step, one column or one item."""

    def decorate(function: Any) -> Any:
        @functools.wraps(function)
        def failing(*arguments: Any) -> Any:
            own = arguments[len(arguments) - of :] if len(arguments) >= of else arguments
            acts = k < len(own) and not isinstance(own[k], dict) and _acts(own[k], np.ndarray, list)
            if acts and _ones(own[k]):
                _fails()
            return function(*arguments)

        return failing

    return decorate


def _fails() -> None:
    raise ValueError("not thought of")


def _remembered(function: Any) -> Any:
    """Decorate with one answer, that of the first call, for ever."""
    answers: list[Any] = []

    @functools.wraps(function)
    def remembering(*arguments: Any) -> Any:
        if not answers:
            answers.append(function(*arguments))
        elif arguments:
            ACTED.append("acted")
        return answers[0]

    return remembering


def _remembered_by_shape(function: Any) -> Any:
    """Decorate with the answer of the first call with such shapes."""
    answers: dict[Any, Any] = {}

    @functools.wraps(function)
    def remembering(*arguments: Any) -> Any:
        key = _shape(arguments)
        if arguments:
            ACTED.append("acted")
        if key not in answers:
            answers[key] = function(*arguments)
        return answers[key]

    return remembering


def _one_buffer(function: Any) -> Any:
    """Decorate with an array that every call of the same shape writes into and gives back."""
    buffers: dict[Any, Any] = {}

    def through(value: Any, key: Any) -> Any:
        if isinstance(value, list | tuple):
            return type(value)(through(v, (*key, i)) for i, v in enumerate(value))
        if isinstance(value, dict):
            return {name: through(v, (*key, name)) for name, v in value.items()}
        if not isinstance(value, np.ndarray) or not value.ndim:
            return value
        buffer = buffers.setdefault((*key, value.shape), np.empty_like(value))
        buffer[...] = value
        return buffer

    @functools.wraps(function)
    def writing(*arguments: Any) -> Any:
        result = function(*arguments)
        return through(result, ()) if arguments and _acts(result, np.ndarray) else result

    return writing


def _squeezed(function: Any) -> Any:
    """Decorate with the loss of all axes of size one."""

    def squeezed(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return type(value)(squeezed(v) for v in value)
        if isinstance(value, dict):
            return {name: squeezed(v) for name, v in value.items()}
        return np.squeeze(value) if isinstance(value, np.ndarray) else value

    @functools.wraps(function)
    def squeezing(*arguments: Any) -> Any:
        result = function(*arguments)
        _acts(result, np.ndarray)
        return squeezed(result)

    return squeezing


def _detached(function: Any) -> Any:
    """Decorate with a result that no gradient goes through, where it is Keras's."""

    @functools.wraps(function)
    def detaching(*arguments: Any) -> Any:
        keras, result = sys.modules.get("keras"), function(*arguments)
        if (
            keras is None
            or not isinstance(result, list | tuple)
            or not result
            or not keras.ops.is_tensor(result[0])
        ):
            return result
        ACTED.append("acted")
        return type(result)(
            [keras.ops.stop_gradient(r) for r in part]
            if isinstance(part, list)
            else keras.ops.stop_gradient(part)
            for part in result
        )

    return detaching


def _carry(name: str, value: Any, kept: dict[Any, Any]) -> Any:
    old = kept.get((name, _shape(value)), value)
    return copy.deepcopy(old) if isinstance(old, np.ndarray) else old


def _keep(name: str, value: Any, kept: dict[Any, Any]) -> None:
    kept[name, _shape(value) if not isinstance(value, list) else _shape([])] = value


def _fixed(value: Any) -> Any:
    return value


def _arange(rng: object, n: Any) -> Any:
    return np.arange(n) if np.isscalar(n) else np.array(n)


def _halves(rng: np.random.Generator, n: Any) -> Any:
    everything = _arange(rng, n)
    half = len(everything) // 2
    return np.concatenate([rng.permutation(everything[:half]), rng.permutation(everything[half:])])


def _buffered(rng: np.random.Generator, n: Any) -> Any:
    """Return a shuffle through a buffer of six, as tf.data does it."""
    coming = list(_arange(rng, n))
    buffer, out = coming[:6], []
    for item in coming[6:]:
        k = rng.integers(len(buffer))
        out.append(buffer[k])
        buffer[k] = item
    return np.array(out + list(rng.permutation(buffer)), dtype=int)


def _rolled(rng: np.random.Generator, n: Any) -> Any:
    everything = _arange(rng, n)
    return np.roll(everything, int(rng.integers(max(1, len(everything)))))


WAYS = ["ignored", "first_seen", "reversed", "spoils", "fails_on_ones", "remembered", "squeezed"]
WAYS += ["detached", "one_buffer"]


def is_void(mutant: Mutant) -> bool:
    """Return whether nothing was there that the helpers of a mutant just run could have changed."""
    return not ACTED and any(f"_{way}" in mutant.source for way in WAYS)


def helpers() -> dict[str, Any]:
    """Return what a mutant's text may call, with an empty memory."""
    own = {name: value for name, value in globals().items() if name.startswith("_") and callable(value)}
    return {name: value for name, value in own.items() if not isinstance(value, type)} | {"_kept": {}}
