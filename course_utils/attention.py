"""Two classifiers with attention, in Keras: lesson 15 builds both."""

from typing import Any

from course_utils.training import keras

layers, ops = keras.layers, keras.ops

__all__ = ["attention_pooling", "self_attention"]


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
    weights = ops.softmax(ops.where(mask, scores[:, :, 0], -1e9))
    summary = ops.sum(weights[:, :, None] * states, axis=1)  # (batch, units)
    return keras.Model(ids, layers.Dense(1)(layers.Dropout(dropout)(summary)))


def self_attention(
    num_words: int, output_dim: int, num_heads: int, longest: int, words: float, dropout: float
) -> Any:
    """Return one block of self-attention over words and places, averaged; its output is a logit.

    Places are counted from the first id that is not padding, so padding changes nothing, on
    whichever side it stands. `longest` is the number of ids that the table of places can hold.
    """
    ids = keras.Input((None,), dtype="int32")
    mask = ops.not_equal(ids, 0)  # (batch, timesteps)
    x = layers.Embedding(num_words, output_dim)(ids)
    x = layers.Dropout(words, noise_shape=(None, None, 1))(x)
    places = ops.maximum(ops.cumsum(ops.cast(mask, "int32"), axis=1) - 1, 0)
    x = layers.SpatialDropout1D(dropout)(x + layers.Embedding(longest, output_dim)(places))
    attend = layers.MultiHeadAttention(num_heads, output_dim // num_heads)
    x = layers.LayerNormalization()(x + attend(x, x, attention_mask=mask[:, None, :]))
    summary = layers.GlobalAveragePooling1D()(x, mask=mask)  # (batch, output_dim)
    return keras.Model(ids, layers.Dense(1)(layers.Dropout(dropout)(summary)))
