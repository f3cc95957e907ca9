"""Wrong answers to the exercises of lesson 7."""

from tests.wrong_answers.choices import think

WRONG = {
    "7.1": [
        ("first_gradient = 1", "first_gradient = 0.5", "each halves the gradient once"),
        ("first_gradient = 1", "first_gradient = 16", "that is da_5"),
        ("first_gradient = 1", "first_gradient = 256", "not larger"),
        ("first_gradient = 1", "first_gradient = 2", "one step is missing"),
        ("first_gradient = 1", "first_gradient = 8", "multiply by u for each step back"),
        ("31", "16", "that is what the last step says"),
        ("31", "1", "that is what the first step says"),
        ("31", "80", "if nothing got smaller"),
        ("31", "6.2", "and not their mean"),
        ("31", "15", "the last step is missing"),
        ("31", "32", "write down da at all five words"),
        ("21", "16", "+= loses two of them"),
        ("21", "31", "row 5 hears from its own places only"),
        ("21", "10", "that is row 2"),
        ("21", "3", "how often the id comes"),
        ("21", "48", "at one of the three places"),
        ("21", "7", "three uses, three answers"),
        ("21", "20", "add it up over the places where id 5 stands"),
        ("24", "31", "no gradient crosses the cut"),
        ("24", "16", "the last word alone"),
        ("24", "28", "a chunk of three words"),
        ("24", "3", "the first two words"),
        ("24", "7", "in front of the cut"),
        ("24", "12", "walk back inside the last chunk"),
        ("24", '"24"', "expected a number"),
        ("24", "...", "Not tried yet: cut_gradient"),
    ],
    "7.2": [
        ("(np.sqrt(corrected_v) + 1e-7)", "(np.sqrt(corrected_v) - 1e-7)", "added to the root"),
        ("return weight, m, v", "return weight", "expected three arrays: the new weight, m and v"),
        ("return weight, m, v", "return weight, v, m", "this is v: give back the weight, m and v"),
        ("beta_1 * m + (1 - beta_1) * g", "0.9 * m + 0.1 * g", "0.9 is written into m"),
        (
            "    m = beta_1",
            "    if not gradient.any():\n        return weight.copy(), m.copy(), v.copy()\n    m = beta_1",
            "a gradient of 0 counts too: m shrinks",
        ),
        ("weight - learning_rate", "weight - (gradient != 0) * learning_rate", "the weight stands still"),
        (
            "v / (1 - beta_2**t)\n    weight = weight - learning_rate * corrected_m / (np.sqrt(corrected_v)",
            "np.sqrt(v) / (1 - beta_2**t)\n    weight = weight - learning_rate * corrected_m / (corrected_v",
            "correct v first, then take the root",
        ),
        ("return weight, m, v", "return weight, corrected_m, v", "this is the corrected m; keep the plain"),
        ("return weight, m, v", "return weight, m, corrected_v", "this is the corrected v; keep the plain"),
        ("beta_1 * m + (1 - beta_1) * g", "(1 - beta_1) * m + beta_1 * g", "β1 has changed sides"),
        ("beta_1 * m + (1 - beta_1) * g", "beta_1 * m + g", "the new gradient is added whole"),
        (
            "    m = beta_1 * m + (1 - beta_1) * gradient",
            "    old = m\n    m = beta_1 * m + (1 - beta_1) * gradient\n    m, old = old, m",
            "this is the old m",
        ),
        ("(1 - beta_2) * gradient**2", "(1 - beta_2) * gradient", "v averages the gradient; it must"),
        ("(1 - beta_2) * gradient**2", "(1 - beta_2) * abs(gradient)", "v averages the size of the gradient"),
        ("beta_2 * v + (1 - beta_2)", "beta_1 * v + (1 - beta_1)", "v is made with β1"),
        ("(1 - beta_2) * gradient**2", "(1 - beta_2) * m**2", "v after step 4 has the right shape and other"),
        (
            None,
            """
def adam_step(weight, gradient, m, v, t, learning_rate=0.001, beta_1=0.9, beta_2=0.999):
    new_m = beta_1 * m + (1 - beta_1) * gradient
    new_v = beta_2 * v + (1 - beta_2) * gradient**2
    step = new_m / (1 - beta_1**t) / (np.sqrt(new_v / (1 - beta_2**t)) + 1e-7)
    return weight - learning_rate * step, new_m, v
""",
            "this is the old v",
        ),
        (
            None,
            """
def adam_step(weight, gradient, m, v, t, learning_rate=0.001, beta_1=0.9, beta_2=0.999):
    step = m / (1 - beta_1**t) / (np.sqrt(v / (1 - beta_2**t)) + 1e-7)
    m = beta_1 * m + (1 - beta_1) * gradient
    v = beta_2 * v + (1 - beta_2) * gradient**2
    return weight - learning_rate * step, m, v
""",
            "made from the old averages",
        ),
        (
            None,
            """
def adam_step(weight, gradient, m, v, t, learning_rate=0.001, beta_1=0.9, beta_2=0.999):
    m += (1 - beta_1) * (gradient - m)
    v += (1 - beta_2) * (gradient**2 - v)
    return weight - learning_rate * m / (np.sqrt(v) + 1e-7), m, v
""",
            "changes its argument m in place",
        ),
        ("weight - learning_rate", "weight + learning_rate", "uphill"),
        ("= m / (1 - beta_1**t), v / (1 - beta_2**t)", "= m, v", "the bias correction is missing"),
        (
            "= m / (1 - beta_1**t), v / (1 - beta_2**t)",
            "= m / (1 - beta_1), v / (1 - beta_2)",
            "the power t is missing",
        ),
        ("v / (1 - beta_2**t)", "v", "m is corrected, v is not"),
        ("= m / (1 - beta_1**t)", "= m", "v is corrected, m is not"),
        ("np.sqrt(corrected_v)", "corrected_v", "the root of v is missing"),
        ("learning_rate * corrected_m", "learning_rate * gradient", "from the gradient itself"),
        (
            "= m / (1 - beta_1**t), v / (1 - beta_2**t)",
            "= m / (1 - 0.9**t), v / (1 - 0.999**t)",
            "0.9 and 0.999 are written into",
        ),
        (" + 1e-7", "", "there 0 is divided by 0"),
        (" + 1e-7", " + 1", "the right shape and other numbers"),
        ("np.sqrt(corrected_v) + 1e-7", "np.sqrt(corrected_v.mean()) + 1e-7", "the right shape and other"),
        (
            "    weight = weight - ",
            '    weight = "weight" or ',
            "expected (3, 4), that is the shape of the weight",
        ),
    ],
    "7.3": think(
        "d",
        [
            ("a", "the last steps give their full share"),
            ("b", "nothing is clipped"),
            ("c", "it is right, and tiny"),
        ],
    ),
    "7.4": [
        ("edge = 1.25", "edge = 1", "but the slopes of tanh do not"),
        ("edge = 1.25", "edge = 1.5", "has left 1 far behind"),
        ("edge = 1.25", "edge = 1.75", "was the signal still five times as large"),
        ("edge = 1.25", "edge = 2", "the steepest of the five"),
        ("edge = 1.25", "edge = 1.3", "it is one of the five scales; read the curves"),
        ("loud_edge = 1.75", "loud_edge = 1.25", "the edge for the quiet inputs"),
        ("loud_edge = 1.75", "loud_edge = 1", "U must do more than before"),
        ("loud_edge = 1.75", "loud_edge = 1.5", "less than a millionth"),
        ("loud_edge = 1.75", "loud_edge = 2", "only later"),
        ("loud_edge = 1.75", "loud_edge = 6.25", "after signal = 5 * signal"),
        ("whole_bias = 6", "whole_bias = 5", "about a quarter is left"),
        ("whole_bias = 6", "whole_bias = 7", "a smaller whole number does it too"),
        ("whole_bias = 6", "whole_bias = 8", "a smaller whole number does it too"),
        ("whole_bias = 6", "whole_bias = 1", "nearly nothing is left"),
        ("whole_bias = 6", "whole_bias = 4", "ask when its power of 199"),
        ("whole_bias = 6", "whole_bias = ...", "Not tried yet: whole_bias"),
    ],
    "7.5": [
        ("return loss, gradients", "return gradients", "expected two things: the loss, and a dictionary"),
        ("return loss, gradients", "return loss, list(gradients.values())", "expected two things"),
        (
            "return loss, gradients",
            'del gradients["embeddings"]\n    return loss, gradients',
            "no gradient of embeddings: the dictionary of gradients has the keys of weights",
        ),
        ("loss = np.mean(", "loss = np.sum(", "this is the sum over the reviews; the loss is"),
        (
            "loss = np.mean(np.logaddexp(0, z) - labels * z)",
            "loss = np.logaddexp(0, z) - labels * z",
            "that is one number",
        ),
        ("h[:, 1:].mean(axis=1)", "h[:, -1]", "the verdict is made from the last state"),
        ("h[:, 1:].mean(axis=1)", "h.mean(axis=1)", "the zero state is in the mean"),
        ("- labels * z", "- (1 - labels) * z", "the wrong way round"),
        (" - labels * z", "", "the labels took no part"),
        (" @ U + b", " @ U.T + b", "on the way forward U stands as U.T"),
        ("+ h[:, t] @ U + b", "+ b", "on the way forward no state is carried on"),
        (" @ U + b", " @ U", "on the way forward the bias is missing"),
        ("mean @ V + c", "mean @ V", "the bias of the dense layer, c"),
        ("np.tanh(x[:, t]", "np.sin(x[:, t]", "the loss is"),
        (
            "(0.5 + 0.5 * np.tanh(z / 2) - labels)",
            "(labels - 0.5 - 0.5 * np.tanh(z / 2))",
            "but for the sign",
        ),
        (
            "dz.sum(axis=0)",
            "dz.mean(axis=0)",
            "the gradient of dense_bias: p − y is divided by the batch already",
        ),
        ("+= da.sum(axis=0)", "+= da.mean(axis=0)", "the gradient of bias: p − y is divided by the batch"),
        ("np.add.at(", "np.add.at(0 * ", "the gradient of embeddings: these are zeros"),
        (
            'np.add.at(gradients["embeddings"], ids[:, t], da @ W.T)',
            'gradients["embeddings"][ids[:, t]] = da @ W.T',
            "= puts each place over the one before",
        ),
        (
            "(share + later)",
            "(share * timesteps * (t == timesteps - 1) + later)",
            "dh begins as in the lesson",
        ),
        ("- labels) / batch", "- labels)", "p − y is divided by the batch"),
        ("= mean.T @ dz", "= h[:, -1].T @ dz", "made from the last state alone"),
        ("(share + later)", "(share * (t == timesteps - 1) + later)", "enters at the last state alone"),
        ("dz @ V.T / timesteps", "dz @ V.T", "each state has the share 1 / timesteps"),
        ("(share + later)", "share", "the steps do not hear from each other"),
        ("later = da @ U.T", "later = da @ U", "U stands in place of U.T"),
        (" * (1 - h[:, t + 1] ** 2)", "", "the slope of tanh is missing"),
        ("(1 - h[:, t + 1] ** 2)", "(1 - h[:, t] ** 2)", "not to the one it read"),
        ('gradients["bias"] +=', 'gradients["bias"] =', "these are the numbers of one step alone"),
        ('gradients["kernel"] +=', 'gradients["kernel"] =', "these are the numbers of one step alone"),
        ("+= h[:, t].T @ da", "+= h[:, t + 1].T @ da", "U is paired with the state that the step made"),
        (
            'np.add.at(gradients["embeddings"], ids[:, t], da @ W.T)',
            'gradients["embeddings"][ids[:, t]] += da @ W.T',
            "where two reviews have the same word in one step",
        ),
        (
            "    return loss, gradients",
            """
    dx = np.zeros_like(x)
    later = np.zeros_like(share)
    for t in reversed(range(timesteps)):
        da = (share + later) * (1 - h[:, t + 1] ** 2)
        later, dx[:, t] = da @ U.T, da @ W.T
    gradients["embeddings"] = np.zeros_like(E)
    gradients["embeddings"][ids] += dx
    return loss, gradients
""",
            "repeated words are lost",
        ),
        (
            "    return loss, gradients",
            """
    dx = np.zeros_like(x)
    later = np.zeros_like(share)
    for t in reversed(range(timesteps)):
        da = (share + later) * (1 - h[:, t + 1] ** 2)
        later, dx[:, t] = da @ U.T, da @ W.T
    return loss, {**gradients, "embeddings": dx}
""",
            "that is dx, one row for each place",
        ),
        ("da @ W.T)", "da @ W)", "the gradient of embeddings: it has the right shape and other numbers"),
        (
            "np.mean(np.logaddexp(0, z) - labels * z)",
            "-np.mean(np.log(np.where(labels == 1, 1 / (1 + np.exp(-z)), 1 - 1 / (1 + np.exp(-z)))))",
            "the probability was rounded to 0 or 1",
        ),
        (
            "np.mean(np.logaddexp(0, z) - labels * z)",
            "np.mean(np.minimum(np.logaddexp(0, z) - labels * z, 16))",
            "lets the worst mistakes cost little",
        ),
        (
            "(0.5 + 0.5 * np.tanh(z / 2) - labels)",
            "(np.exp(z) / (1 + np.exp(z)) - labels)",
            "for a logit of thousands: it holds numbers that are not finite",
        ),
    ],
}
