"""The colours of figures: Okabe and Ito's hues, which hold for common colour-vision deficiencies.

`js/theme.css` has the same hues for the widgets, darker where text needs the contrast;
`tests/widgets/test_theme.py` compares the two.
"""

INPUT = ENCODER = BLUE = "#0072B2"
OUTPUT = DECODER = GREEN = "#009E73"
WINDOW = AMBER = "#E69F00"
WRONG = RED = "#D55E00"
SKIP = "#CC79A7"
WINDOW_LINE = "#B07400"  # amber itself is too light for a line on white
INK = "#767676"  # text of figures: no colour has 4.5 : 1 on white and on JupyterLab's #111111
GREY = "#7B8794"  # lines

# On images, which are dark in either theme, and on pages with a dark theme.
ON_DARK = {
    INPUT: "#56B4E9",
    OUTPUT: "#2FC79A",
    WINDOW_LINE: WINDOW,
    WRONG: "#FF8A3D",
    SKIP: "#E3A3C6",
}
# The U diagram, on light and on dark pages. Text needs more contrast than lines and areas do.
DIAGRAM = {
    "encoder": ENCODER,
    "decoder": DECODER,
    "skip": SKIP,
    "missing": "#6B7683",
    "mismatch": RED,
}
DIAGRAM_DARK = {
    "encoder": "#56B4E9",
    "decoder": "#2FC79A",
    "skip": "#E3A3C6",
    "missing": "#9AA5B1",
    "mismatch": "#FF8A3D",
}
DIAGRAM_TEXT = {"skip": "#A2437C", "met": "#00704F", "unmet": "#B04200"}
DIAGRAM_TEXT_DARK = {"skip": "#E3A3C6", "met": "#2FC79A", "unmet": "#FF8A3D"}
