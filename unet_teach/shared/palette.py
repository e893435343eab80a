"""The colours of figures: Okabe and Ito's hues, which hold for common colour-vision deficiencies.

`js/theme.css` has the same hues for the widgets, darker where text needs the contrast;
`tests/widgets/test_theme.py` compares the two.
"""

INPUT = ENCODER = BLUE = "#0072B2"
OUTPUT = DECODER = GREEN = "#009E73"
WINDOW = AMBER = "#E69F00"
WRONG = RED = "#D55E00"
SKIP = "#CC79A7"
GREY = "#7B8794"  # lines
QUIET = "#4B5865"  # secondary text
