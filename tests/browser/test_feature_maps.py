"""FeatureMaps in a real JupyterLab: pointed at, by keyboard, by touch, in both themes."""

import numpy as np
import pytest
from playwright.sync_api import expect

from unet_teach.widgets import FeatureMaps, Step

from .boxes import (
    NOTEBOOK,
    SMALLEST_PRESENTED,
    blank_share,
    places,
    state_of,
)
from .lab import THEMES, axe_violations, small_type, tap
from .stub import what_is_left

CODE = """import numpy as np
from unet_teach.widgets import FeatureMaps
line = np.zeros((6, 8)); line[:, 3] = 1
halves = line.reshape(3, 2, 4, 2)
start = {'line': line, 'max-pool': halves.max((1, 3)),
         'mean <b>': np.stack([halves.mean((1, 3)), -halves.mean((1, 3))])}
features = FeatureMaps(start)
features"""
START = (
    "features.maps = start; features.channel = 0; features.scale = 'shared'; "
    "features.ramp = 'grey'; features.value_range = features.input_size = None"
)
HINT = "Point at a cell, or use the arrow keys on a map."


@pytest.fixture(scope="module")
def notebook(open_cells):
    return open_cells(CODE, height=900)


@pytest.fixture
def fresh(notebook):
    """The maps as they were made, with nothing chosen."""
    notebook.page.mouse.move(0, 0)
    notebook.run_all()
    notebook.execute(START)
    widget = notebook.page.get_by_role("group", name="Feature maps")
    expect(widget.get_by_role("status")).to_contain_text(HINT)
    return widget


def frame(widget, name):
    return widget.get_by_role("group", name=f"{name}. Arrow keys choose a cell.")


def place_of(widget, name, row, column, size):
    """Where a cell's middle is in its frame, in pixels."""
    box = frame(widget, name).bounding_box()
    return {
        "x": box["width"] * (column + 0.5) / size[1],
        "y": box["height"] * (row + 0.5) / size[0],
    }


def outlined(widget):
    """How many cells high and wide the outline in each map is, in cells of the line's map."""
    sizes = widget.locator(".ut-frame-window").evaluate_all(
        "(all) => all.map((path) => path.getBBox()).map(({ height, width }) => [height, width])"
    )
    side = frame(widget, "line").locator("canvas").bounding_box()["width"] / 8
    return [tuple(round(pixels / side) for pixels in size) for size in sizes]


def colour(widget, name, row, column, size):
    """The colour in the middle of a cell, as red, green and blue."""
    canvas = frame(widget, name).locator("canvas")
    part = [(column + 0.3) / size[1], (row + 0.3) / size[0]]
    return canvas.evaluate(
        """(canvas, [x, y]) => [...canvas.getContext('2d')
          .getImageData(x * canvas.width, y * canvas.height, 1, 1).data.slice(0, 3)]""",
        part,
    )


def test_pointing_at_a_cell_outlines_the_same_place_in_every_map(fresh):
    at = place_of(fresh, "max-pool", 1, 1, (3, 4))
    frame(fresh, "max-pool").hover(position=at)
    expect(fresh.get_by_role("status")).to_have_text(
        "max-pool, row 1, column 1, is 1; at the same place line (2–3, 2–3) is 0 to 1, mean 0.5; "
        "mean <b> is 0.5."
    )
    assert outlined(fresh) == [(2, 2)] * 3
    frame(fresh, "line").hover(position=place_of(fresh, "line", 5, 7, (6, 8)))
    expect(fresh.get_by_role("status")).to_contain_text("line, row 5, column 7, is 0; at the same")
    assert outlined(fresh) == [(1, 1), (2, 2), (2, 2)]
    fresh.page.mouse.move(0, 0)
    expect(fresh.get_by_role("status")).to_contain_text(HINT)
    assert outlined(fresh) == []


def test_a_click_stays_and_arrow_keys_go_on_from_there(fresh):
    line = frame(fresh, "line")
    line.click(position=place_of(fresh, "line", 2, 3, (6, 8)))
    fresh.page.mouse.move(0, 0)
    expect(fresh.get_by_role("status")).to_contain_text("line, row 2, column 3, is 1;")
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowUp", "ArrowUp", "ArrowLeft"):
        fresh.page.keyboard.press(key)
    expect(fresh.get_by_role("status")).to_contain_text("line, row 1, column 4, is 0;")
    expect(line).to_be_focused()
    for _ in range(9):
        fresh.page.keyboard.press("ArrowUp")
    expect(fresh.get_by_role("status")).to_contain_text("line, row 0, column 4, is 0;")


def test_the_keyboard_alone_reaches_every_map(fresh):
    frame(fresh, "line").focus()
    fresh.page.keyboard.press("ArrowRight")
    expect(fresh.get_by_role("status")).to_contain_text("line, row 0, column 0, is 0;")
    fresh.page.keyboard.press("Tab")
    expect(frame(fresh, "max-pool")).to_be_focused()
    fresh.page.keyboard.press("ArrowRight")
    fresh.page.keyboard.press("ArrowRight")
    expect(fresh.get_by_role("status")).to_contain_text("max-pool, row 0, column 1, is 1;")


def test_nothing_moves_while_cells_are_pointed_at(fresh):
    def places():
        parts = fresh.locator("figure, [role=status], .ut-frame").all()
        return [(box["x"], box["y"]) for part in parts if (box := part.bounding_box())]

    before = places()
    for name, size in (("line", (6, 8)), ("max-pool", (3, 4))):
        frame(fresh, name).hover(position=place_of(fresh, name, 2, 3, size))
        expect(fresh.get_by_role("status")).to_contain_text(f"{name}, row 2, column 3")
        assert places() == before


def test_the_channel_is_chosen_by_keyboard(notebook, fresh):
    slider = fresh.get_by_role("slider", name="channel")
    slider.focus()
    slider.press("ArrowRight")
    whole = fresh.get_by_role("img", name="mean <b>, 3×4, channel 1 of 2: −0.5 to 0")
    expect(whole).to_be_visible()
    expect(fresh.get_by_role("img", name="line, 6×8: 0 to 1")).to_be_visible()
    notebook.says("print(features.channel)", "1")
    assert notebook.page.evaluate("document.activeElement.type") == "range"
    notebook.execute("features.channel = 0")
    expect(slider).to_have_value("0")


def test_scale_and_ramp_change_the_colours(notebook, fresh):
    cell = (fresh, "mean <b>", 1, 1, (3, 4))
    assert colour(*cell) == [128, 128, 128]
    fresh.get_by_role("button", name="each its own").click()
    assert colour(*cell) == [255, 255, 255]
    expect(
        fresh.get_by_role("img", name="its lowest is black, its highest is white")
    ).to_be_visible()
    fresh.get_by_role("button", name="diverging").click()
    assert colour(*cell) == [127, 59, 8]
    assert colour(fresh, "mean <b>", 0, 0, (3, 4)) == [247, 247, 247]
    notebook.says("print(features.scale, features.ramp)", "own diverging")
    fresh.get_by_role("button", name="one scale").click()
    legend = fresh.get_by_role("img", name="−1 is purple, 1 is orange, 0 is white")
    expect(legend).to_be_visible()
    notebook.execute("features.value_range = (0, 0.25)")
    expect(fresh.get_by_role("img", name="−0.25 is purple, ≥ 0.25 is orange")).to_be_visible()


def test_values_stand_in_the_cells_readable_on_every_grey(fresh):
    texts = frame(fresh, "max-pool").locator("text")
    expect(texts).to_have_text(["0", "1", "0", "0"] * 3)
    expect(texts.nth(0)).to_have_css("fill", "rgb(255, 255, 255)")
    expect(texts.nth(1)).to_have_css("fill", "rgb(0, 0, 0)")
    expect(frame(fresh, "line").locator("text")).to_have_count(48)


def test_an_assignment_in_python_shows_other_maps(notebook, fresh):
    frame(fresh, "line").click(position=place_of(fresh, "line", 5, 7, (6, 8)))
    notebook.execute("features.maps = {'one': [[0, 0.25], [0.5, 1]], 'wide': np.eye(40)[:20]}")
    expect(fresh.locator("figcaption")).to_have_text(["one", "wide20×40"])
    expect(fresh.get_by_role("img", name="wide, 20×40: 0 to 1")).to_be_visible()
    expect(fresh.get_by_role("status")).to_contain_text(HINT)
    expect(fresh.get_by_role("slider")).to_be_hidden()
    expect(frame(fresh, "wide").locator("text")).to_have_count(0)
    boxes = [frame(fresh, name).bounding_box() for name in ("one", "wide")]
    assert boxes[0]["width"] == boxes[1]["width"]
    assert boxes[0]["height"] == boxes[1]["height"]
    assert boxes[0]["y"] == boxes[1]["y"]


def test_the_size_of_the_picture_sets_shape_and_positions(notebook, fresh):
    notebook.execute("features.input_size = (12, 32)")
    box = frame(fresh, "line").locator("canvas").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(32 / 12, abs=0.05)
    frame(fresh, "max-pool").hover(position=place_of(fresh, "max-pool", 1, 1, (3, 4)))
    expect(fresh.get_by_role("status")).to_contain_text(
        "max-pool, row 1, column 1, is 1; its place in the 12×32 input is (4–7, 8–15); at"
    )


def test_what_is_not_finite_is_hatched_and_said(notebook, fresh):
    expect(fresh.get_by_text("NaN or ±∞")).to_be_hidden()
    notebook.execute("features.maps = {'odd': [[0, np.nan, 2], [np.inf, 1, -np.inf]]}")
    expect(fresh.get_by_text("NaN or ±∞")).to_be_visible()
    expect(fresh.get_by_role("img", name="2×3: 0 to 2, 1 NaN, 1 ∞, 1 −∞")).to_be_visible()
    odd = frame(fresh, "odd")
    expect(odd.locator("text")).to_have_text(["0", "NaN", "2", "∞", "1", "−∞"])
    hatched = odd.locator(".ut-cell-hatch").get_attribute("d")
    assert hatched.count("M") == 3
    odd.hover(position=place_of(fresh, "odd", 0, 1, (2, 3)))
    expect(fresh.get_by_role("status")).to_have_text("odd, row 0, column 1, is NaN.")


def test_small_negative_cells_have_a_sign_beside_their_colour(notebook, fresh):
    notebook.execute(
        "features.maps = {'signs': np.where(np.arange(400) % 4, 0.5, -0.5).reshape(20, 20)}"
    )
    notebook.execute("features.input_size = 200")  # cells so small that no number fits
    minuses = frame(fresh, "signs").locator(".ut-minus")
    expect(minuses).to_have_count(0)
    fresh.get_by_role("button", name="diverging").click()
    assert sum(path.get_attribute("d").count("M") for path in minuses.all()) == 100


@pytest.mark.parametrize("is_presented", [False, True])
@pytest.mark.parametrize("theme", THEMES[::-1])
def test_it_is_accessible_in_both_themes(notebook, fresh, theme, is_presented):
    notebook.set_theme(theme)
    frame(fresh, "max-pool").click(position=place_of(fresh, "max-pool", 1, 1, (3, 4)))
    if is_presented:
        fresh.get_by_role("button", name="present").click()
        expect(fresh.get_by_role("button", name="leave")).to_be_visible()
        assert small_type(fresh) == []
        last = fresh.get_by_role("status").bounding_box()
        assert last["y"] + last["height"] < 900  # all maps on one screen
        expect(fresh.get_by_role("status")).to_contain_text("max-pool, row 1, column 1, is 1;")
    assert axe_violations(notebook.page, colours=theme == THEMES[1]) == []
    if is_presented:
        notebook.page.keyboard.press("Escape")
        expect(fresh.get_by_role("button", name="present")).to_be_visible()


def test_a_phone_is_enough(notebook, fresh):
    with notebook.on_a_phone():
        tap(frame(fresh, "line"), 3.5 / 8, 2.5 / 6)
        said = "line, row 2, column 3, is 1; at the same"
        expect(fresh.get_by_role("status")).to_contain_text(said)
        boxes = [frame(fresh, name).bounding_box() for name in ("line", "max-pool")]
        assert boxes[0]["y"] == boxes[1]["y"]  # side by side, small as they are
        assert fresh.evaluate("(root) => root.scrollWidth <= root.clientWidth")


MAP = {"name": "alone", "shape": [2, 1, 3], "values": [1, 2, 3, 4, 5, 6]}


def test_it_needs_no_kernel_and_leaves_nothing_behind(without_kernel):
    state = {"_maps": [MAP], "channel": 0, "scale": "shared", "ramp": "grey"}
    page = without_kernel("feature_maps", state)
    page.get_by_role("slider", name="channel").press("End")
    assert page.evaluate("state.channel") == 1
    page.get_by_role("group", name="alone.").press("ArrowDown")
    expect(page.get_by_role("status")).to_have_text("alone, row 0, column 0, is 4.")
    assert what_is_left(page) == [0, 0]


@pytest.mark.parametrize("nonsense", [{"a": 1}, "many", [], None, -7, 1e9, True])
def test_nonsense_in_the_model_breaks_no_view(without_kernel, nonsense):
    names = ("channel", "value_range", "input_size", "scale", "ramp")
    page = without_kernel("feature_maps", {"_maps": [MAP], **dict.fromkeys(names, nonsense)})
    expect(page.get_by_role("status")).to_contain_text(HINT)
    page = without_kernel("feature_maps", {"_maps": nonsense})
    expect(page.get_by_role("status")).to_have_text("There are no maps to show.")


# ------------------------------------------------------------------------------------- layout

GRID = np.arange(64 * 64).reshape(64, 64)
FIELDS = {
    f"stride {stride}": {
        f"layer {n}": np.pad(np.ones((side, side)), 8 - side // 2)
        for n, side in enumerate(sides, 1)
    }
    for stride, sides in ((1, (3, 5, 7)), (2, (3, 7, 15)))
}
TITLE = "After three layers, one cell sees 7×7 pixels with stride 1, 15×15 with stride 2"
NOTES = {"stride 1": "each layer adds two pixels", "stride 2": "each layer adds twice as much"}
STEPS = [Step("Point at the second map. What is its value?", answer=3), Step("`cell`")]
SHOWN = {
    "one": lambda **more: FeatureMaps({"alone": GRID[:7, :11]}, **more),
    "three": lambda **more: FeatureMaps(
        {"image": GRID, "x": GRID[::2, ::2], "y": -GRID}, title="A title", **more
    ),
    "eight": lambda **more: FeatureMaps(
        {"as taken": GRID, "in": GRID[::2, ::2], **{f"kernel {n} + conv": GRID for n in range(6)}},
        title="Only kernel 3 draws a checkerboard",
        **more,
    ),
    "wide": lambda **more: FeatureMaps({str(i): GRID[:20] for i in range(5)}, **more),
    "tall": lambda **more: FeatureMaps({str(i): GRID[:, :20] for i in range(3)}, **more),
    "fields": lambda **more: FeatureMaps(FIELDS, title=TITLE, notes=NOTES, nested=True, **more),
    "grouped": lambda **more: FeatureMaps(FIELDS, title=TITLE, notes=NOTES, **more),
}


@pytest.fixture
def alone(without_kernel):
    """Show one of the sets of maps without Jupyter, in a window."""

    def show(name, width, height, **options):
        state = state_of(SHOWN[name](**options))
        page = without_kernel("feature_maps", state, viewport={"width": width, "height": height})
        return page.get_by_role("group", name="Feature maps")

    return show


@pytest.mark.parametrize("name", SHOWN)
def test_present_mode_draws_as_large_as_fits(alone, name):
    view = alone(name, 1280, 720)
    before = places(view, ".ut-frame")[0]
    view.get_by_role("button", name="present").click()
    after = places(view, ".ut-frame")
    assert after[0][2] >= before[2]
    # A cell more a pixel does not fit: the width or the height is used up.
    image = {"one": (7, 11), "wide": (20, 64), "tall": (64, 20)}.get(
        name, (17, 17) if name in ("fields", "grouped") else (64, 64)
    )
    side = (after[0][3] - 4) / image[0]
    assert side == int(side)
    columns = len({box[0] for box in after})
    rows = len({box[1] for box in after})
    wider = columns * image[1] + (columns - 1) * 32 + after[0][2] * columns
    higher = rows * (image[0] + after[0][3])
    taken = 46 + 6 + 4 + 16 + 58  # the heading, the space around, two lines of values
    assert wider > 1280 - (72 + 150) or higher > 720 - (taken + 40 * rows + 40)


def test_numbers_are_drawn_as_large_as_their_cells_allow(alone):
    view = alone("one", 1280, 720)
    view.get_by_role("button", name="present").click()
    sizes = view.locator("svg text").evaluate_all(
        "(all) => all.map((text) => parseFloat(getComputedStyle(text).fontSize))"
    )
    assert len(sizes) == 77
    assert min(sizes) >= SMALLEST_PRESENTED


@pytest.mark.parametrize("name", SHOWN)
def test_no_part_moves_while_cells_are_pointed_at(alone, name):
    view = alone(name, **NOTEBOOK, steps=STEPS)
    before = places(view, ".ut-frame, .ut-said, figcaption, .ut-steps")
    for at in ({"x": 3, "y": 3}, {"x": 60, "y": 50}):
        for map_ in view.locator(".ut-frame").all():
            map_.hover(position=at)
            expect(view.locator(".ut-said [role=status]")).not_to_have_text(HINT)
            assert places(view, ".ut-frame, .ut-said, figcaption, .ut-steps") == before


def test_maps_stand_in_the_rows_that_their_author_made(alone):
    view = alone("fields", **NOTEBOOK)
    boxes = places(view, ".ut-frame")
    assert len({box[1] for box in boxes[:3]}) == len({box[1] for box in boxes[3:]}) == 1
    assert boxes[0][1] < boxes[3][1]
    labels = view.locator(".ut-row-label")
    expect(labels).to_have_text(
        ["stride 1each layer adds two pixels", "stride 2each layer adds twice as much"]
    )
    assert [box[1] for box in places(view, ".ut-row-label")] == [boxes[0][1], boxes[3][1]]


@pytest.mark.parametrize(("rows", "count"), [(1, 1), (2, 2), (4, 4), (None, 2)])
def test_as_many_rows_as_were_asked_for(alone, rows, count):
    view = alone("eight", **NOTEBOOK, rows=rows)
    assert len({box[1] for box in places(view, ".ut-frame")}) == count


def test_a_receptive_field_is_framed_and_those_before_it_dashed_inside(alone):
    view = alone("fields", **NOTEBOOK)
    expect(view.locator("figcaption").last).to_have_text("layer 315×15225 pixels")
    frames = view.locator(".ut-map").last.locator(".ut-field-before, .ut-field")
    sizes = frames.evaluate_all("(all) => all.map((one) => one.getBBox().width)")
    cell = (places(view, ".ut-frame")[0][2] - 4) / 17
    assert [round(size / cell) for size in sizes] == [3, 7, 15]
    dashes = frames.evaluate_all("(all) => all.map((one) => getComputedStyle(one).strokeDasharray)")
    assert [dash == "none" for dash in dashes] == [False, False, True]
    view.locator(".ut-frame").first.hover(position={"x": 3, "y": 3})
    expect(view.get_by_role("status")).to_have_text(
        "Row 0, column 0: outside every receptive field."
    )


def test_only_a_size_that_differs_is_written_and_ranges_where_each_has_its_own(alone):
    view = alone("three", **NOTEBOOK)
    expect(view.locator(".ut-map-size")).to_have_text("64×64")
    expect(view.locator("figcaption")).to_have_text(["image", "x32×32", "y"])
    view.get_by_role("button", name="each its own").click()
    expect(view.locator("figcaption")).to_have_text(
        ["image0 to 4095", "x32×32, 0 to 4030", "y−4095 to 0"]
    )


FEW = {
    "one number": {"x": [[3.0]]},
    "square": {"x": GRID},
    "tall": {"x": GRID[:20, :3]},
    "flat": {"x": GRID[:2, :20]},
    "two tall ones": {"a": GRID[:40, :8], "b": -GRID[:40, :8]},
}


@pytest.mark.parametrize("maps", FEW.values(), ids=FEW)
def test_few_maps_leave_no_large_blank_on_a_whole_screen(without_kernel, maps):
    screen = {"width": 1280, "height": 720}
    page = without_kernel("feature_maps", state_of(FeatureMaps(maps)), viewport=screen)
    page.get_by_role("button", name="present").click()
    name, values = list(maps.items())[-1]
    facts = page.locator(".ut-facts > span").last
    expect(facts).to_contain_text("×".join(map(str, np.shape(values))))
    assert blank_share(page) <= 0.2
    kept = ".ut-facts, .ut-frame"
    before = places(page.locator(".ut"), kept)
    for key in ("ArrowRight", "ArrowDown"):
        page.get_by_role("group", name=f"{name}. Arrow").press(key)
        assert blank_share(page) <= 0.2
        assert places(page.locator(".ut"), kept) == before
    page.keyboard.press("Escape")
    expect(facts).to_be_hidden()


def test_a_step_is_ticked_off_when_its_cell_is_pointed_at(without_kernel):
    steps = [Step("Point.", when={"map": "b", "cell": (0, 1)}, explain="That is it.")]
    state = state_of(FeatureMaps({"a": [[1, 2]], "b": [[3, 4]]}, steps=steps))
    page = without_kernel("feature_maps", state)
    page.get_by_role("group", name="a. Arrow").press("ArrowRight")
    page.get_by_role("group", name="b. Arrow").press("ArrowRight")
    assert page.evaluate("state._ticked") == []
    page.get_by_role("group", name="b. Arrow").press("ArrowRight")
    assert page.evaluate("state._ticked") == [0]
    expect(page.get_by_text("That is it.")).not_to_be_visible()
    expect(page.get_by_role("group", name="b. Arrow")).to_be_focused()
    page.get_by_role("button", name="answer").click()
    expect(page.get_by_text("That is it.")).to_be_visible()


def test_nothing_was_written_to_the_console_as_an_error(notebook):
    assert notebook.errors() == []
    assert notebook.console_errors == []
