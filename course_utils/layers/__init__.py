"""The layers of the course in NumPy alone, `forward` beside `backward`, as lesson 7 writes them.

Names of arguments, meaning and weight layout are those of Keras, so that `get_weights()` and
`set_weights()` cross over in both directions. Arrays are (batch, timesteps, features) outside;
inside a recurrent layer time comes first, as in the lesson.

`forward` keeps what `backward` needs. `backward` takes dy, the gradient of the loss with respect to
the output of the last `forward`, leaves the gradients of the weights in `gradients` and returns dx.
What both keep in memory grows with batch x timesteps x (features + units), no faster.

Read `recurrent.py` first: each cell's step stands there beside its way back. `base.py` is what
all layers share; `embedding.py` the table of words; `simple.py` the layers without a loop.
"""

from course_utils.checks import Array, check_choice, check_count, check_shape
from course_utils.layers.base import Layer, Mask, SparseGradient, glorot_uniform, orthogonal, sigmoid
from course_utils.layers.embedding import Embedding
from course_utils.layers.recurrent import GRU, LSTM, Bidirectional, Recurrent, SimpleRNN
from course_utils.layers.simple import Dense, Dropout, GlobalMaxPooling1D, SpatialDropout1D

__all__ = [
    "GRU", "LSTM", "Array", "Bidirectional", "Dense", "Dropout", "Embedding", "GlobalMaxPooling1D", "Layer",
    "Mask", "Recurrent", "SimpleRNN", "SparseGradient", "SpatialDropout1D", "check_choice", "check_count",
    "check_shape", "glorot_uniform", "orthogonal", "sigmoid",
]  # fmt: skip
