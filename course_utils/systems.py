"""The models of the scoreboard, each at its exact shape, and how each is trained.

Every recurrent system trains with the course's own engine (`course_utils.engine`), those with
attention with Keras, and all in one way:
reviews of similar length share a batch, padding is masked, gradients are clipped, the learning
rate falls along a cosine, and the weights of the epoch with the best validation accuracy are
kept. The test part is read once, at the end.
"""

import ast
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack
from scipy.special import logit
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from course_utils import engine
from course_utils.data import Part, Reviews, cache_folder
from course_utils.files import read_npz, write_whole
from course_utils.layers import (
    GRU,
    LSTM,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    GlobalMaxPooling1D,
    Layer,
    SimpleRNN,
    SpatialDropout1D,
    sigmoid,
)
from course_utils.text import UNKNOWN
from course_utils.vectors import count_vectors

BITS_A_WORD = 21  # three words then fit into one 64-bit number


@dataclass(frozen=True)
class Trained:
    """What training gave: P(positive) of both parts that were held out, and what it took."""

    validation: NDArray[Any] | None  # P(positive), (reviews,); None if the part was trained on
    test: NDArray[Any]
    parameters: int
    epochs: int  # that were trained; the best of them is kept
    seconds: float  # of processor time, which is what an idle machine would take on one core
    history: dict[str, list[float]]


@dataclass(frozen=True)
class System:
    """A recurrent model and its training."""

    title: str
    lesson: int
    layers: Callable[[], Sequence[Layer]] = field(repr=False)
    maxlen: int | None  # reads the last so many ids of a review; None: all
    epochs: int
    batch_size: int
    learning_rate: float  # of the first step
    optimizer: str = "RMSprop"
    num_words: int = 10_000
    global_clipnorm: float = 1.0
    weight_decay: float | None = None
    vectors: float | None = None  # standard deviation of first vectors that come from counts
    needs_seed: bool = True

    @property
    def recipe(self) -> str:
        """Return a short code of model and training: another recipe has another code."""
        settings = asdict(self) | {"layers": [engine.describe(layer) for layer in self.layers()]}
        left_out = {"title", "lesson"} | ({"vectors"} if self.vectors is None else set())
        return short_code({name: value for name, value in settings.items() if name not in left_out})

    def train(self, reviews: Reviews, seed: int, verbose: bool = True) -> Trained:
        """Train on the training part; the validation part chooses the epoch."""
        start = time.process_time()
        model, history = self.fit(reviews, seed, verbose)
        seconds = time.process_time() - start
        validation, test = (
            sigmoid(model.predict(self.cut(part))[:, 0]) for part in (reviews.validation, reviews.test)
        )
        return Trained(validation, test, model.count_params(), self.epochs, seconds, history)

    def fit(
        self, reviews: Reviews, seed: int, verbose: bool = True
    ) -> tuple[engine.Sequential, dict[str, list[float]]]:
        """Return the trained model and its history; an empty validation part means the last epoch."""
        train, validation = self.cut(reviews.train), self.cut(reviews.validation)
        model = engine.Sequential(self.layers(), seed=seed)
        if self.vectors is not None:
            start_from_counts(model, train, self.vectors)
        steps = self.epochs * -(-len(train) // self.batch_size)
        schedule = engine.CosineDecay(self.learning_rate, steps)
        options = {"global_clipnorm": self.global_clipnorm, "weight_decay": self.weight_decay}
        model.compile(getattr(engine, self.optimizer)(schedule, **options))
        chosen_by: dict[str, Any] = {}
        if validation:
            chosen_by = {
                "validation_data": (validation, reviews.validation.labels),
                "patience": self.epochs,  # never stops early, and brings the best weights back
                "monitor": "val_accuracy",
            }
        history = model.fit(
            train,
            reviews.train.labels,
            batch_size=self.batch_size,
            epochs=self.epochs,
            seed=seed,
            verbose=verbose,
            **chosen_by,
        )
        return model, history

    def cut(self, part: Part) -> list[NDArray[np.int32]]:
        """Return the ids that this system reads."""
        return part.ids if self.maxlen is None else [ids[-self.maxlen :] for ids in part.ids]


@dataclass(frozen=True)
class Average:
    """Several nets that vote: the mean of their P(positive).

    Of each system there are `members` nets, from different seeds. Each trains on training and validation
    part together and keeps its last epoch, so that nothing is chosen, and there is no validation score.
    """

    title: str
    lesson: int
    systems: tuple[System, ...]
    members: int = 3
    whole: bool = False  # judge whole reviews, though the nets learned from the last ids of each
    needs_seed: bool = False
    official_only: bool = False  # where training takes long: not on the course's own split too

    @property
    def num_words(self) -> int:
        """Ids of the systems' vocabulary."""
        return self.systems[0].num_words

    @property
    def recipe(self) -> str:
        """Return a short code of the members' recipes and their number."""
        codes = [system.recipe for system in self.systems]
        settings = {"system": codes[0] if len(codes) == 1 else codes, "members": self.members}
        return short_code(settings | ({"whole": True} if self.whole else {}))

    def train(self, reviews: Reviews, seed: int, verbose: bool = True) -> Trained:
        """Train every member; average what they say of the test part."""
        parts = digest(reviews) if self.official_only else ""
        voices = [
            self.voice(system, reviews, seed + k, verbose, parts)
            for system in self.systems
            for k in range(self.members)
        ]
        return Trained(
            validation=None,
            test=np.mean([voice.test for voice in voices], axis=0),
            parameters=sum(voice.parameters for voice in voices),
            epochs=max(system.epochs for system in self.systems),
            seconds=sum(voice.seconds for voice in voices),
            history={
                name: np.mean([voice.history[name] for voice in voices], axis=0).tolist()
                for name in voices[0].history
            },
        )

    def voice(self, system: System, reviews: Reviews, seed: int, verbose: bool, parts: str) -> Trained:
        """Train one member; what takes long is kept in the cache folder, and read there the next time.

        `parts` tells these reviews from others.
        """
        name = short_code({"recipe": system.recipe, "whole": self.whole, "seed": seed, "parts": parts})
        file = cache_folder() / f"member-{name}.npz"
        if self.official_only:
            try:
                kept = read_npz(file)
                return Trained(None, kept["test"], **json.loads(str(kept["rest"])))
            except (FileNotFoundError, ValueError, KeyError, TypeError):
                pass  # not trained yet, or damaged: train it
        start = time.process_time()
        model, history = system.fit(everything(reviews), seed, verbose)
        seconds = time.process_time() - start
        read = reviews.test.ids if self.whole else system.cut(reviews.test)
        voice = Trained(
            None, sigmoid(model.predict(read)[:, 0]), model.count_params(), system.epochs, seconds, history
        )
        if self.official_only:
            rest = {key: value for key, value in vars(voice).items() if key not in ("validation", "test")}
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, lambda out: np.savez(out, test=voice.test, rest=np.array(json.dumps(rest))))
        return voice


@dataclass(frozen=True)
class WithLinear:
    """Recurrent nets and a linear model that vote, half and half, each in its own unit of certainty.

    The logits of both are divided by their standard deviation over the texts to be judged, for which no
    label is needed, and averaged; the mean of both deviations makes a logit of that again.
    """

    title: str
    lesson: int
    nets: Average
    linear: "Linear"
    num_words: int | None = None  # the linear model counts all words
    needs_seed: bool = False
    official_only: bool = True

    @property
    def recipe(self) -> str:
        """Return a short code of both recipes."""
        return short_code({"nets": self.nets.recipe, "linear": self.linear.recipe})

    def train(self, reviews: Reviews, seed: int, verbose: bool = True) -> Trained:
        """Train both; average what they say of the test part."""
        nets = self.nets.train(with_words(reviews, self.nets.num_words), seed, verbose)
        linear = self.linear.train(reviews, seed, verbose)
        logits = [logit(np.clip(one.test, 1e-7, 1 - 1e-7)) for one in (nets, linear)]
        units = [one.std() for one in logits]
        mean = np.mean([one / unit for one, unit in zip(logits, units, strict=True)], axis=0)
        return Trained(
            validation=None,
            test=sigmoid(mean * np.mean(units)),
            parameters=nets.parameters + linear.parameters,
            epochs=nets.epochs,
            seconds=nets.seconds + linear.seconds,
            history=nets.history,
        )


def digest(reviews: Reviews) -> str:
    """Return the SHA-256 of all ids and labels."""
    found = hashlib.sha256()
    for part in (reviews.train, reviews.validation, reviews.test):
        for array in (part.labels, *part.ids):
            found.update(array.tobytes())
    return found.hexdigest()


def with_words(reviews: Reviews, num_words: int) -> Reviews:
    """Return the reviews with every id from `num_words` on replaced by that of an unknown word."""

    def fewer(part: Part) -> Part:
        return replace(
            part, ids=[np.where(ids < num_words, ids, UNKNOWN).astype(ids.dtype) for ids in part.ids]
        )

    return replace(
        reviews, train=fewer(reviews.train), validation=fewer(reviews.validation), test=fewer(reviews.test)
    )


def everything(reviews: Reviews) -> Reviews:
    """Return the reviews with the validation part moved into the training part; the test part stays."""
    train, validation = reviews.train, reviews.validation
    both = Part(
        [*train.ids, *validation.ids],
        np.concatenate([train.labels, validation.labels]),
        None,
        np.concatenate([train.rows, validation.rows]),
    )
    return replace(reviews, train=both, validation=Part([], train.labels[:0], None, train.rows[:0]))


def start_from_counts(model: engine.Sequential, train: Sequence[NDArray[np.int32]], scale: float) -> None:
    """Give the words of a new model's table the vectors that counts in the reviews say; lesson 13."""
    table = model.layers[0]
    assert isinstance(table, Embedding)
    table.build(table.input_dim)
    vectors = count_vectors(train, table.input_dim, table.output_dim)
    known = vectors.any(axis=1)
    table.embeddings[known] = scale * vectors[known]


@dataclass(frozen=True)
class KerasSystem:
    """A model of `course_utils.attention` and its training with Keras; otherwise as a System.

    A seed fixes the first weights, the batches and the dropout; several threads add up in any
    order, so that two runs agree in their first digits only.
    """

    title: str
    lesson: int
    model: str  # the name of a function of course_utils.attention
    options: dict[str, float] = field(repr=False)  # its arguments, without num_words
    maxlen: int
    epochs: int
    batch_size: int
    learning_rate: float  # of the first step
    num_words: int = 10_000
    needs_seed: bool = True

    @property
    def recipe(self) -> str:
        """Return a short code of the settings and of the model's source, read without importing Keras."""
        source = ast.parse(Path(__file__).with_name("attention.py").read_text(encoding="utf-8"))
        (function,) = (
            one for one in source.body if isinstance(one, ast.FunctionDef) and one.name == self.model
        )
        settings = {name: value for name, value in asdict(self).items() if name not in ("title", "lesson")}
        return short_code({**settings, "source": ast.unparse(function)})

    def train(self, reviews: Reviews, seed: int, verbose: bool = True) -> Trained:
        """Train on the training part; the validation part chooses the epoch."""
        from course_utils import attention  # Keras takes seconds to import: only where it trains
        from course_utils.training import LengthBatches, Progress, keras

        train = LengthBatches(reviews.train, self.batch_size, maxlen=self.maxlen, seed=seed)
        validation, test = (
            LengthBatches(part, 256, maxlen=self.maxlen, seed=None)
            for part in (reviews.validation, reviews.test)
        )
        start = time.process_time()
        keras.utils.set_random_seed(seed)
        model = getattr(attention, self.model)(num_words=self.num_words, **self.options)
        schedule = keras.optimizers.schedules.CosineDecay(self.learning_rate, self.epochs * len(train))
        model.compile(
            keras.optimizers.Adam(schedule, global_clipnorm=1.0),
            keras.losses.BinaryCrossentropy(from_logits=True),
            metrics=[keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy")],
            jit_compile=False,
        )
        best = keras.callbacks.EarlyStopping(
            "val_accuracy", mode="max", patience=self.epochs, restore_best_weights=True
        )
        history = model.fit(
            train,
            epochs=self.epochs,
            validation_data=validation,
            callbacks=[best, *([Progress()] if verbose else [])],
            verbose=0,
        ).history
        seconds = time.process_time() - start
        held_out, unseen = (
            sigmoid(part.restore_order(model.predict(part, verbose=0))[:, 0]) for part in (validation, test)
        )
        return Trained(held_out, unseen, model.count_params(), self.epochs, seconds, history)


@dataclass(frozen=True)
class Majority:
    """Always says how many training reviews are positive."""

    title: str = "majority class"
    lesson: int = 8
    num_words: int | None = 10_000
    needs_seed: bool = False
    recipe: str = "1"

    def train(self, reviews: Reviews, seed: int, verbose: bool = True) -> Trained:
        """Count."""
        share = float(reviews.train.labels.mean())
        validation, test = (np.full(len(part), share) for part in (reviews.validation, reviews.test))
        return Trained(validation, test, 1, 0, 0.0, {})


@dataclass(frozen=True)
class Linear:
    """A logistic regression on TF-IDF of words, or of words and pairs of neighbours.

    `C`, the inverse strength of its penalty, is chosen on the validation part. With `refit`
    the model then trains once more, on training and validation part together.
    """

    title: str
    ngrams: int = 1
    refit: bool = False
    lesson: int = 8
    num_words: int | None = 10_000
    Cs: tuple[float, ...] = (1, 3, 10, 30, 100)
    needs_seed: bool = False
    kind: ClassVar[str] = "linear"

    @property
    def recipe(self) -> str:
        """Return a short code of all settings."""
        return short_code(
            {"kind": self.kind, "min_df": 2} | {k: v for k, v in asdict(self).items() if k != "title"}
        )

    def train(self, reviews: Reviews, seed: int, verbose: bool = True) -> Trained:
        """Weigh the words for every C; keep the best."""
        start = time.process_time()
        vectorizer = TfidfVectorizer(analyzer=self.terms, min_df=2, sublinear_tf=True, dtype=np.float32)
        train = vectorizer.fit_transform(reviews.train.ids)
        validation, test = (vectorizer.transform(part.ids) for part in (reviews.validation, reviews.test))
        best, chosen, best_accuracy = None, 0.0, -1.0
        for C in self.Cs:
            model = LogisticRegression(C=C, max_iter=1000).fit(train, reviews.train.labels)
            accuracy = model.score(validation, reviews.validation.labels)
            if accuracy > best_accuracy:
                best, chosen, best_accuracy = model, C, accuracy
        assert best is not None
        held_out = best.predict_proba(validation)[:, 1]
        if self.refit:
            labels = np.concatenate([reviews.train.labels, reviews.validation.labels])
            best = LogisticRegression(C=chosen, max_iter=1000).fit(
                vstack([csr_array(train), validation]), labels
            )
        seconds = time.process_time() - start
        return Trained(held_out, best.predict_proba(test)[:, 1], best.coef_.size + 1, 0, seconds, {})

    def terms(self, ids: NDArray[np.int32]) -> list[int]:
        """Return the words of a review and, if asked for, its pairs, each as one number."""
        words: list[int] = ids.tolist()
        if self.ngrams == 1:
            return words
        pairs = ids[:-1].astype(np.int64) * 2**32 + ids[1:] + 2**31
        return [*words, *pairs.tolist()]


@dataclass(frozen=True)
class NaiveBayesLinear(Linear):
    """A logistic regression on words and groups of neighbours, weighed by how they tell the classes apart.

    A term counts once a review, and its weight is the logarithm of (share among the terms of positive
    reviews / share among those of negative ones), every count raised by `alpha` so that no share is 0;
    Wang and Manning (2012), "Baselines and bigrams". `alpha` and `C` are chosen on the validation part.
    """

    kind: ClassVar[str] = "naive Bayes"
    alphas: tuple[float, ...] = (0.3, 1)
    Cs: tuple[float, ...] = (0.1, 0.3, 1, 3, 10)

    def train(self, reviews: Reviews, seed: int, verbose: bool = True) -> Trained:
        """Weigh the terms for every alpha and C; keep the best."""
        start = time.process_time()
        counter = CountVectorizer(analyzer=self.terms, min_df=2, binary=True, dtype=np.float32)
        train = csr_array(counter.fit_transform(reviews.train.ids))
        validation, test = (csr_array(counter.transform(p.ids)) for p in (reviews.validation, reviews.test))
        labels = reviews.train.labels
        tried = []
        for alpha in self.alphas:
            ratio = log_ratio(train, labels, alpha)
            for C in self.Cs:
                model = LogisticRegression(C=C, max_iter=1000).fit(train.multiply(ratio).tocsr(), labels)
                held_out = model.predict_proba(validation.multiply(ratio).tocsr())[:, 1]
                accuracy = float(np.mean((held_out > 0.5) == reviews.validation.labels))
                tried.append((accuracy, held_out, model, ratio, alpha, C))
        _, held_out, model, ratio, alpha, C = max(tried, key=lambda one: one[0])
        if self.refit:
            both, labels = vstack([train, validation]), np.concatenate([labels, reviews.validation.labels])
            ratio = log_ratio(both, labels, alpha)
            model = LogisticRegression(C=C, max_iter=1000).fit(both.multiply(ratio).tocsr(), labels)
        seconds = time.process_time() - start
        tested = model.predict_proba(test.multiply(ratio).tocsr())[:, 1]
        return Trained(held_out, tested, model.coef_.size + 1, 0, seconds, {})

    def terms(self, ids: NDArray[np.int32]) -> list[int]:
        """Return the words of a review and its groups of up to `ngrams` neighbours, each as one number."""
        numbers = ids.astype(np.int64) + 1  # 0 stands for: no word here
        found = [numbers]
        for _ in range(1, self.ngrams):
            found.append(found[-1][:-1] * 2**BITS_A_WORD + numbers[len(found) :])
        return [int(term) for group in found for term in group]


def log_ratio(counts: csr_array, labels: NDArray[Any], alpha: float) -> NDArray[np.float32]:
    """Return log(share among positive reviews / share among negative ones) of each term, (terms,)."""
    positive, negative = (alpha + counts[np.flatnonzero(labels == side)].sum(axis=0) for side in (1, 0))
    ratio = np.log((positive / positive.sum()) / (negative / negative.sum()))
    return np.asarray(ratio, np.float32).ravel()


def short_code(settings: dict[str, Any]) -> str:
    """Return the first digits of the SHA-256 of some settings."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:10]


def classifier(
    embedding: int,
    *recurrent: Layer,
    num_words: int = 10_000,
    words: float = 0.0,
    drop: float = 0.0,
    between: float = 0.0,
    dense: int = 0,
) -> list[Layer]:
    """Return Embedding, the recurrent layers, a Dense relu layer if asked for, and Dense(1).

    `words` is the share of words dropped, `drop` that of features before the first recurrent
    layer, `between` that before each later one and before the last Dense.
    """
    layers: list[Layer] = [Embedding(num_words, embedding, mask_zero=True)]
    if words:
        layers.append(Dropout(words, noise_shape=(None, None, 1)))
    for k, layer in enumerate(recurrent):
        rate = between if k else drop
        if rate:
            layers.append(SpatialDropout1D(rate))
        layers.append(layer)
    if dense:
        layers.append(Dense(dense, activation="relu"))
    if between:
        layers.append(Dropout(between))
    return [*layers, Dense(1)]


def step(title: str, recurrent: Callable[[], Sequence[Layer]], vectors: float | None = None) -> System:
    """Return a system of lesson 13: all are alike but for the layers between Embedding and Dropout."""
    return System(
        title,
        lesson=13,
        layers=lambda: [
            Embedding(20_000, 64, mask_zero=True),
            Dropout(0.1, noise_shape=(None, None, 1)),
            *recurrent(),
            Dropout(0.3),
            Dense(1),
        ],
        maxlen=400,
        epochs=2,
        batch_size=32,
        learning_rate=3e-3,
        num_words=20_000,
        vectors=vectors,
    )


def largest_states() -> list[Layer]:
    """Return a GRU in both directions and the largest of all its states."""
    return [Bidirectional(GRU(32, return_sequences=True)), GlobalMaxPooling1D()]


def two_ways(cell: type[GRU] | type[LSTM]) -> list[Layer]:
    """Return the larger net of lesson 13: 64 units in both directions, the largest of all states."""
    return [
        Embedding(30_000, 100, mask_zero=True),
        Dropout(0.2, noise_shape=(None, None, 1)),
        SpatialDropout1D(0.2),
        Bidirectional(cell(64, return_sequences=True)),
        GlobalMaxPooling1D(),
        Dropout(0.4),
        Dense(1),
    ]


SYSTEMS: dict[str, System | KerasSystem | Average | WithLinear | Majority | Linear] = {
    "majority": Majority(),
    "bag-of-words": Linear("bag of words, TF-IDF"),
    "tfidf-bigrams": Linear("words and pairs, TF-IDF", ngrams=2, num_words=None),
    "tfidf-bigrams-all": Linear(
        "words and pairs, validation part included", ngrams=2, refit=True, num_words=None
    ),
    "nb-bigrams": NaiveBayesLinear(
        "words and pairs, naive-Bayes weights", ngrams=2, refit=True, lesson=13, num_words=None
    ),
    "nb-trigrams": (
        triples := NaiveBayesLinear(
            "words, pairs and triples, naive-Bayes weights", ngrams=3, refit=True, lesson=13, num_words=None
        )
    ),
    "S0": System(
        "LSTM 10, three numbers a word",
        lesson=9,
        layers=lambda: classifier(3, LSTM(10), words=0.2),
        maxlen=150,
        epochs=8,
        batch_size=64,
        learning_rate=3e-3,
    ),
    "S1": System(
        "two bidirectional SimpleRNN 64",
        lesson=10,
        layers=lambda: classifier(
            16,
            Bidirectional(SimpleRNN(64, return_sequences=True, recurrent_gain=0.5)),
            Bidirectional(SimpleRNN(64, recurrent_gain=0.5)),
            drop=0.2,
            between=0.3,
            dense=64,
        ),
        maxlen=500,
        epochs=5,
        batch_size=64,
        learning_rate=1e-3,
    ),
    "S2b": System(
        "two SimpleRNN 64",
        lesson=8,
        layers=lambda: classifier(
            100,
            SimpleRNN(64, return_sequences=True, recurrent_gain=0.5),
            SimpleRNN(64, recurrent_gain=0.5),
            words=0.2,
            drop=0.5,
            between=0.5,
            dense=32,
        ),
        maxlen=80,
        epochs=8,
        batch_size=64,
        learning_rate=1e-3,
    ),
    "S2c": System(
        "two LSTM 32",
        lesson=9,
        layers=lambda: classifier(
            100, LSTM(32, return_sequences=True), LSTM(32), words=0.2, drop=0.5, between=0.5, dense=32
        ),
        maxlen=80,
        epochs=10,
        batch_size=64,
        learning_rate=1e-3,
    ),
    "S3a-simple": System(
        "SimpleRNN 32, last 40 ids",
        lesson=9,
        layers=lambda: classifier(128, SimpleRNN(32, recurrent_gain=0.5), words=0.2, drop=0.5),
        maxlen=40,
        epochs=6,
        batch_size=32,
        learning_rate=1e-3,
    ),
    "S3a-gru": System(
        "GRU 32, last 40 ids",
        lesson=9,
        layers=lambda: classifier(128, GRU(32), words=0.2, drop=0.5),
        maxlen=40,
        epochs=6,
        batch_size=32,
        learning_rate=1e-3,
    ),
    "S3a-lstm": System(
        "LSTM 32, last 40 ids",
        lesson=9,
        layers=lambda: classifier(128, LSTM(32), words=0.2, drop=0.5),
        maxlen=40,
        epochs=6,
        batch_size=32,
        learning_rate=1e-3,
    ),
    "S3c": System(
        "two LSTM 32, whole reviews",
        lesson=11,
        layers=lambda: classifier(
            32, LSTM(32, return_sequences=True), LSTM(32), num_words=20_000, drop=0.3, between=0.3
        ),
        maxlen=None,
        num_words=20_000,
        epochs=4,
        batch_size=32,
        learning_rate=2e-3,
        weight_decay=1e-4,
    ),
    "S3d": System(
        "SimpleRNN 64, last 40 ids",
        lesson=7,
        layers=lambda: classifier(32, SimpleRNN(64, recurrent_gain=0.5), drop=0.3),
        maxlen=40,
        epochs=6,
        batch_size=32,
        learning_rate=1e-3,
    ),
    "S4c": System(
        "SimpleRNN 32, last 500 ids",
        lesson=8,
        layers=lambda: classifier(32, SimpleRNN(32), drop=0.3),
        maxlen=500,
        epochs=8,
        batch_size=64,
        learning_rate=1e-3,
    ),
    "gru-last": step("GRU 32, last state", lambda: [GRU(32)]),
    "gru-both": step("GRU 32 in both directions, last states", lambda: [Bidirectional(GRU(32))]),
    "gru-max": step(
        "GRU 32 in both directions, largest of all states",
        largest_states,
    ),
    "gru-vectors": (
        vectors_first := step(
            "the same, first vectors from counts",
            largest_states,
            vectors=0.3,
        )
    ),
    "gru-average": Average("three of these, on all training reviews", lesson=13, systems=(vectors_first,)),
    "best-one": (
        larger := System(
            "the same with GRU 64, more words, more features",
            lesson=13,
            layers=lambda: two_ways(GRU),
            maxlen=400,
            epochs=4,
            batch_size=32,
            learning_rate=3e-3,
            num_words=30_000,
            vectors=0.3,
        )
    ),
    "best": (
        nets := Average(
            "three of these and three with LSTM 64, on all training reviews, read whole",
            lesson=13,
            systems=(larger, replace(larger, layers=lambda: two_ways(LSTM))),
            whole=True,
            official_only=True,
        )
    ),
    "best-with-linear": WithLinear(
        "these six and words, pairs and triples, half and half", lesson=13, nets=nets, linear=triples
    ),
    "A0": (
        last_state := KerasSystem(
            "LSTM 32, last state",
            lesson=15,
            model="last_state",
            options={"output_dim": 32, "units": 32, "words": 0.3, "dropout": 0.5},
            maxlen=256,
            epochs=4,
            batch_size=64,
            learning_rate=2e-3,
        )
    ),
    "A1": replace(last_state, title="LSTM 32, attention pooling", model="attention_pooling"),
    "A2": KerasSystem(
        "self-attention, two heads",
        lesson=15,
        model="self_attention",
        options={"output_dim": 32, "num_heads": 2, "longest": 256, "words": 0.3, "dropout": 0.5},
        maxlen=256,
        epochs=3,
        batch_size=64,
        learning_rate=2e-3,
    ),
}
