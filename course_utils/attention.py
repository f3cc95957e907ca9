"""Two classifiers with attention, and the LSTM that they are compared with, in Keras: see lesson 15."""

from typing import Any

from course_utils.training import keras

layers, ops = keras.layers, keras.ops

__all__ = ["attention_pooling", "last_state", "self_attention"]


def last_state(num_words: int, output_dim: int, units: int, words: float, dropout: float) -> Any:
    """Return an LSTM whose last state is judged; all else is as in `attention_pooling`."""
    ids = keras.Input((None,), dtype="int32")
    x = layers.Embedding(num_words, output_dim, mask_zero=True)(ids)
    x = layers.SpatialDropout1D(dropout)(layers.Dropout(words, noise_shape=(None, None, 1))(x))
    state = layers.LSTM(units)(x)  # (batch, units)
    return keras.Model(ids, layers.Dense(1)(layers.Dropout(dropout)(state)))


def attention_pooling(num_words: int, output_dim: int, units: int, words: float, dropout: float) -> Any:
    """Return an LSTM whose states are summed up by learned weights, one a word; its output is a logit.

    The scores are v · tanh(W h + b), as those of Bahdanau, Cho and Bengio (2015), with one
    learned question v for all reviews. `words` is the share of words that dropout hides,
    `dropout` that of features, before the LSTM and before the last layer.
    """
    ids = keras.Input((None,), dtype="int32")
    mask = ops.not_equal(ids, 0)  # (batch, timesteps)
    x = layers.Embedding(num_words, output_dim, mask_zero=True)(ids)
    x = layers.SpatialDropout1D(dropout)(layers.Dropout(words, noise_shape=(None, None, 1))(x))
    states = layers.LSTM(units, return_sequences=True)(x)
    scores = layers.Dense(1, use_bias=False)(layers.Dense(units, activation="tanh")(states))
    scores = ops.where(mask, ops.cast(scores[:, :, 0], "float32"), -1e9)  # float16 ends at 65,504
    weights = ops.cast(ops.softmax(scores), states.dtype)
    summary = ops.sum(weights[:, :, None] * states, axis=1)  # (batch, units)
    return keras.Model(ids, layers.Dense(1)(layers.Dropout(dropout)(summary)))


def self_attention(
    num_words: int, output_dim: int, num_heads: int, longest: int, words: float, dropout: float
) -> Any:
    """Return one block of self-attention over words and places, averaged; its output is a logit.

    Places are counted from the first id that is not padding, so padding changes nothing, on
    whichever side it stands. The table has `longest` places; what comes later in a longer text
    shares the last of them.
    """
    ids = keras.Input((None,), dtype="int32")
    mask = ops.not_equal(ids, 0)  # (batch, timesteps)
    x = layers.Embedding(num_words, output_dim)(ids)
    x = layers.Dropout(words, noise_shape=(None, None, 1))(x)
    places = ops.clip(ops.cumsum(ops.cast(mask, "int32"), axis=1) - 1, 0, longest - 1)
    x = layers.SpatialDropout1D(dropout)(x + layers.Embedding(longest, output_dim)(places))
    attend = layers.MultiHeadAttention(num_heads, output_dim // num_heads)
    x = layers.LayerNormalization()(x + attend(x, x, attention_mask=mask[:, None, :]))
    real = ops.cast(mask, x.dtype)[:, :, None]
    # The mean of the real words, (batch, output_dim); GlobalAveragePooling1D gives nan without any.
    summary = ops.sum(x * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1)
    return keras.Model(ids, layers.Dense(1)(layers.Dropout(dropout)(summary)))
