"""Wrong answers that every exercise of kind Think shares."""

THINK = [
    ('choice = "{right}"', "choice = 3", "choice is 3, expected one of 'a', 'b', 'c', 'd'"),
    ('choice = "{right}"', 'choice = "e"', "choice is 'e', expected one of"),
    ("because = ", 'because = "why not"  # ', "first say why"),
    ("because = ", "because = ...  # ", "Not tried yet: because"),
]


def think(right, reasons):
    """Wrong answers to a choice: every other letter, no letter, no reason."""
    slips = [(old.format(right=right), new, reason) for old, new, reason in THINK]
    return [(f'choice = "{right}"', f'choice = "{letter}"', reason) for letter, reason in reasons] + slips
