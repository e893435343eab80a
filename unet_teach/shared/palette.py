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

# For pages with a light and a dark theme: the pairs of `js/theme.css`, to the letter.
CSS_INPUT = "light-dark(#0072b2,#56b4e9)"
CSS_OUTPUT = "light-dark(#00805c,#2fc79a)"
CSS_WINDOW = "light-dark(#b07400,#e69f00)"
CSS_WRONG = "light-dark(#a84000,#ff8a3d)"
CSS_LINE = "light-dark(#7b8794,#87939f)"
# The U diagram, on light and on dark pages. Text needs more contrast than lines and areas do.
DIAGRAM = {"encoder": ENCODER, "decoder": DECODER, "skip": SKIP, "missing": "#6B7683"}
DIAGRAM_DARK = {"encoder": "#56B4E9", "decoder": "#2FC79A", "skip": "#E3A3C6", "missing": "#9AA5B1"}
DIAGRAM_TEXT = {"skip": "#A2437C", "met": "#00704F", "unmet": "#B84700"}
DIAGRAM_TEXT_DARK = {"skip": "#E3A3C6", "met": "#2FC79A", "unmet": "#FF8A3D"}
