"""Wrong answers to the exercises of lesson 10."""

from tests.wrong_answers.choices import think

DRAW = "rng.random((len(x), 1, x.shape[-1])) >= rate"
DZ = "dz = (1 / (1 + np.exp(-(x @ kernel + bias))) - y) / len(y)"
STEP = """        kernel = kernel - learning_rate * (x.T @ dz + 2 * l2 * kernel)
        bias = bias - learning_rate * dz.sum()
"""
NOTED = """        z = x_held_out @ kernel + bias
        losses.append(np.mean(np.logaddexp(0, z) - y_held_out * z))
"""
ON_TRAINING = NOTED.replace("x_held_out", "x").replace("y_held_out", "y")
PRICE = " + l2 * (kernel**2).sum())\n"

WRONG = {
    "10.1": [
        ("(2, 3, 4, 5)", "(2,)", "the state carries on"),
        ("(2, 3, 4, 5)", "(3, 4, 5)", "after the word of that place is read"),
        ("(2, 3, 4, 5)", "(0, 1, 2)", "this is the other reader"),
        ("(2, 3, 4, 5)", "range(6)", "at places 0 and 1 the forward reader"),
        ("(2, 3, 4, 5)", "[2, 3]", "this one included"),
        ("(2, 3, 4, 5)", "(3, 4, 5, 6)", "six words have the places 0 to 5"),
        ("(2, 3, 4, 5)", "4", "write the places as a tuple"),
        ("(2, 3, 4, 5)", '"2 to 5"', "expected places in a tuple"),
        ("(2, 3, 4, 5)", '("great", "film")', "holds something that is no place"),
        ("(0, 1, 2)", "(2,)", "this reader goes on to places 1 and 0"),
        ("(0, 1, 2)", "(0, 1)", "after the word of that place is read"),
        ("(0, 1, 2)", "(2, 3, 4, 5)", "before it meets the word"),
        ("(0, 1, 2)", "(3, 4, 5)", "so that they stand at their words"),
        ("(0, 1, 2)", "(0, 1, 2, 3, 4, 5)", "at places 5, 4 and 3"),
        ("(0, 1, 2)", "()", "from there to the end"),
        ("= 6", "= 4", "at place 0 one of them has changed"),
        ("= 6", "= 3", "the second layer reads both halves"),
        ("= 6", "= 12", "only the forward half is asked for"),
        ("= 6", "= 1", "the state goes on"),
        ("= 6", "= 5", "at which places its input has changed"),
        ("= 6", "= ...", "Not tried yet: second_layer_count"),
    ],
    "10.2": [
        ("    if not training:\n        return x\n", "", "features are dropped outside training"),
        ("return x\n", "return x / (1 - rate)\n", "these are the numbers of x divided by 1 - rate"),
        ("return x\n", "return x * (1 - rate)\n", "these are the numbers of x times 1 - rate"),
        ("x * kept / (1 - rate)", "x, kept", "gives back a tuple of 2"),
        ("return x\n", "return np.zeros(2), x\n", "expected one array"),
        (DRAW, "rng.random(x.shape) >= rate", "as plain Dropout does it"),
        (DRAW, "rng.random((1, 1, x.shape[-1])) >= rate", "all reviews lose the same features"),
        (DRAW, "rng.random(x.shape[-1]) >= rate", "all reviews lose the same features"),
        (DRAW, "rng.random((len(x), x.shape[1], 1)) >= rate", "whole words are dropped"),
        (DRAW, "rng.random((len(x), 1, 1)) >= rate", "or whole reviews"),
        (">= rate", "< rate", "not the share that is kept"),
        (">= rate", ">= 0.5", "of the features is dropped, expected about 0.75"),
        (
            DRAW,
            "rng.permuted(np.tile(np.arange(x.shape[-1]), (len(x), 1)), axis=1)[:, None]"
            " >= round(rate * x.shape[-1])",
            "every review loses exactly 45 of 60 features",
        ),
        (
            DRAW,
            "(rng.permutation(len(x) * x.shape[-1]) >= round(rate * len(x) * x.shape[-1]))"
            ".reshape(len(x), 1, -1)",
            "in each call exactly the share rate",
        ),
        (">= rate", ">= 0", "in training nothing is dropped"),
        (">= rate", ">= 1", "in training everything is dropped"),
        (">= rate", ">= max(rate, 0.2)", "the result in training with rate 0"),
        ("x * kept / (1 - rate)", "x * kept", "what remains is not scaled up"),
        ("kept / (1 - rate)", "kept * (1 - rate)", "what remains is scaled down"),
        ("kept / (1 - rate)", "kept / rate", "divided by rate; it is the share"),
        ("kept / (1 - rate)", "kept / kept.mean()", "the share that happened to remain"),
        ("rng.random(", "np.random.default_rng(0).random(", "two calls drop the same features"),
        ("rng.random(", "np.random.default_rng().random(", "draw from rng, not from NumPy's own"),
        ("rng.random(", "np.random.random(", "so that a run can be repeated"),
        ("x * kept / (1 - rate)", "x[:, :, kept[0, 0]]", "expected that of x: (40, 5, 60)"),
        (
            "    return x * kept / (1 - rate)",
            "    x *= kept / (1 - rate)\n    return x",
            "changes its argument x",
        ),
    ],
    "10.3": think(
        "a",
        [
            ("b", "overfitting is the other way round"),
            ("c", "not better"),
            ("d", "by 0.009"),
        ],
    ),
    "10.4": [
        (STEP + NOTED, NOTED + STEP, "the first loss is noted before any step"),
        (
            "losses, best = []",
            "losses, best = [np.log(2)]",
            "note one after the step of each epoch",
        ),
        (
            "dz.sum()",
            "np.mean(1 / (1 + np.exp(-(x @ kernel + bias))) - y)",
            "take both at the same weights",
        ),
        (NOTED, ON_TRAINING, "held-out reviews decide when to stop"),
        (NOTED, ON_TRAINING.replace(")\n        losses", ")\n        losses")[:-2] + PRICE, "with the price"),
        (NOTED, NOTED[:-2] + PRICE, "it belongs to training alone"),
        (" / len(y)", "", "the gradients are added up over the reviews"),
        (DZ, DZ.replace("dz = (", "dz = -("), "the weights go uphill"),
        (DZ, "dz = (x @ kernel + bias - y) / len(y)", "the sigmoid is missing"),
        (
            DZ,
            "p = 1 / (1 + np.exp(-(x @ kernel + bias)))\n        dz = (p - y) * p * (1 - p) / len(y)",
            "the gradient of the squared error",
        ),
        ("bias - learning_rate * dz.sum()", "bias", "the bias stays at 0"),
        (" + 2 * l2 * kernel", "", "the price is missing"),
        ("2 * l2 * kernel", "l2 * kernel", "has the gradient 2 · l2 · kernel"),
        ("2 * l2 * kernel", "l2 * np.sign(kernel)", "this is the pull of L1"),
        ("* dz.sum()", "* (dz.sum() + 2 * l2 * bias)", "the bias pays as well"),
        ("bias - learning_rate * dz.sum()", "bias - dz.sum()", "the held-out loss of the first epoch"),
        (
            "epoch - best[1] >=",
            "len(losses) - len(set(np.minimum.accumulate(losses))) >=",
            "trained for 4 epochs, expected 11 with patience 2 and at most 30 epochs: an epoch with a new",
        ),
        (
            "        if epoch - best[1] >=",
            "        if not epoch or losses[-1] < losses[-2]:\n"
            "            last = epoch\n        if epoch - last >=",
            "it compares with the epoch before",
        ),
        (">= patience", "> patience", "it waits one epoch too many"),
        (">= patience", ">= patience - 1", "it waits one epoch too few"),
        (">= patience", ">= patience + 2", "stop as soon as patience epochs have passed"),
        ("            break", "            continue", "it never stops"),
        ("in range(epochs)", "in range(50)", "the limit of epochs holds as well"),
        ("best[2], best[3], losses", "kernel, bias, losses", "the kernel is that of the last epoch"),
        (
            "kernel = kernel - learning_rate *",
            "kernel -= learning_rate *",
            "an array that training changes in place is no copy",
        ),
        ("best[2], best[3], losses", "best[2], bias, losses", "the bias is that of the last epoch"),
        ("best[2], best[3], losses", "best[2], best[3]", "expected three things"),
        (
            "best[2], best[3], losses",
            "best[2], best[3], losses[-1]",
            "are one number, expected a list with one number an epoch",
        ),
        ("best[2], best[3], losses", "best[2], best[3], best", "a list with one number an epoch"),
        ("best[2], best[3], losses", "best[2][None], best[3], losses", "the kernel has shape (1, 4)"),
        ("    return", "    result =", "does it end with return?"),
        ("x.T @ dz", "x @ dz", "fit_head(x, y, x_held_out"),
    ],
}
