"""Both explorers in a real JupyterLab: by keyboard, pointer and touch, in both themes."""

import re

import pytest
from playwright.sync_api import expect

from .lab import THEMES, axe_violations, tap

CELLS = [
    "import os; os.environ['UNET_TEACH_PICTURES'] = 'yes'\n"  # beside the widget, for other pages
    "from unet_teach.widgets import ConvExplorer, ConvTransposeExplorer\n"
    "from IPython.display import display\n"
    "conv = ConvExplorer('halve'); conv",
    "up = ConvTransposeExplorer('double'); up",
]
AS_SHOWN = (
    "{}.set_trait('numbers', False); {}.weights = 'random'\n"
    "for name, value in {{'stride': 2, 'padding': 1, 'kernel_size': 3, 'dilation': 1}}.items():\n"
    "    setattr({}, name, value)\n"
)
# Note the output cells that the status names, in their order, however late a test looks.
NOTE_CELLS = """(status) => {
  const note = () => window.cells.add(status.textContent.match(/\\(\\d, \\d\\)/)[0]);
  window.cells = new Set();
  note();
  const all = { childList: true, characterData: true, subtree: true };
  new MutationObserver(note).observe(status, all);
}"""
MIDDLE = re.compile(r"Output cell \([12], [12]\) sees")


# Two tests have notebooks of their own. They come first: one page shows all, one after the other.
def test_many_widgets_run_again_reopened_and_restarted_stay_whole(open_briefly):
    many = open_briefly(
        "from unet_teach.widgets import ConvExplorer, ConvTransposeExplorer",
        "conv = ConvExplorer('halve'); conv",
        "conv",
        *["ConvTransposeExplorer('double')"] * 3,
    )
    page, widgets = many.page, many.page.locator(".ut-explorer")
    ids = "[...document.querySelectorAll('[id^=ut-]')].map((node) => node.id)"

    def assert_whole():
        # JupyterLab draws only the cells in view: bring the last one into it and back.
        for cell in ("End", "Home"):
            page.locator(".jp-WindowedPanel-outer").press(f"Control+{cell}")
        expect(widgets.first).to_be_visible()
        found = page.evaluate(ids)
        assert len(found) == len(set(found))
        widgets.first.get_by_role("slider", name="stride").press("ArrowRight")
        expect(widgets.nth(1).get_by_text("8×8 → 3×3")).to_be_visible()  # the second view
        widgets.first.get_by_role("slider", name="stride").press("ArrowLeft")
        expect(widgets.nth(1).get_by_text("8×8 → 4×4")).to_be_visible()

    assert_whole()
    many.run_all()
    assert_whole()
    page.evaluate(
        """async () => {
          const { context, sessionContext } = jupyterapp.shell.currentWidget;
          await context.save();
          await jupyterapp.commands.execute('application:close');
          await jupyterapp.commands.execute('docmanager:open', { path: context.path });
        }"""
    )
    assert_whole()  # all are there, and none is in the making when the kernel goes
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    many.run_all()
    assert_whole()
    assert many.errors() == []
    assert many.console_errors == []


def test_linked_explorers_move_together_in_boxes_and_go_on_when_their_kernel_is_dead(open_briefly):
    linked = open_briefly(
        "import ipywidgets as w\nfrom unet_teach.widgets import *\n"
        "a, b = ConvExplorer('halve'), ConvTransposeExplorer('double')\n"
        "link = w.jslink((a, 'stride'), (b, 'stride')); heard = []\n"
        "a.observe(lambda change: heard.append(change.new), 'stride')\n"
        "out = w.Output()\n"
        "w.Tab([w.VBox([w.HBox([a, out]), b])])"
    )
    page = linked.page
    first = page.get_by_role("slider", name="stride").first
    first.focus()
    first.press("ArrowRight")
    expect(page.get_by_role("slider", name="stride").nth(1)).to_have_value("3")
    linked.says("print(heard, b.stride)", "[3] 3")
    assert linked.errors() == []
    assert linked.console_errors == []
    widget = page.get_by_role("group", name="Convolution explorer", exact=True)
    expect(widget.get_by_text("torch: (1, 1, 3, 3) ✓")).to_be_visible()
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    first.press("ArrowRight")
    expect(widget.get_by_text("8×8 → 2×2")).to_be_visible()
    expect(widget.get_by_text("Is the kernel gone?")).to_be_visible()
    expect(page.get_by_role("slider", name="stride").nth(1)).to_have_value("4")


@pytest.fixture(scope="module")
def notebook(open_cells):
    return open_cells(*CELLS)


@pytest.fixture
def conv(notebook):
    notebook.execute(AS_SHOWN.format("conv", "conv", "conv") + "conv.input_size = 8")
    widget = notebook.page.get_by_role("group", name="Convolution explorer", exact=True)
    expect(widget.get_by_text("8×8 → 4×4")).to_be_visible()
    return widget


@pytest.fixture
def up(notebook):
    code = AS_SHOWN.format("up", "up", "up")
    notebook.execute(code + "up.input_size = 3; up.output_padding = 1; up.view = 'scatter'")
    widget = notebook.page.get_by_role("group", name="Transposed convolution explorer")
    expect(widget.get_by_text("3×3 → 6×6")).to_be_visible()
    return widget


def test_jupyterlab_shows_the_widget_and_not_its_picture(notebook, conv, up):
    assert "image/png" in notebook.execute("print(conv._repr_mimebundle_()[0].keys())")
    expect(notebook.page.locator(".jp-OutputArea-output img")).to_have_count(0)


def status(widget):
    return widget.get_by_role("status")


def focus_map(widget, name):
    widget.get_by_role("group", name=f"{name} map").focus()
    return widget.page.keyboard


def test_every_parameter_moves_by_keyboard_and_python_hears_it(notebook, up):
    for name, code in [("stride", "s"), ("output_padding", "o"), ("dilation", "d")]:
        focus_map(up, "Input").press(code)
        up.page.keyboard.press("ArrowRight")
        expect(up.get_by_role("slider", name=name)).to_be_focused()
    expect(up.get_by_text("torch: (1, 1, 11, 11) ✓")).to_be_visible()
    notebook.says("print(up.stride, up.output_padding, up.dilation, up.output_size)", "3 2 2 11")


def test_typed_values_obey_the_sliders_limits(notebook, conv):
    typed = conv.get_by_role("spinbutton", name="stride, typed")
    typed.fill("99")
    typed.press("Enter")
    expect(typed).to_have_value("5")
    notebook.says("print(conv.stride)", "5")


def test_height_and_width_can_be_set_apart_and_together_again(notebook, conv):
    conv.get_by_role("checkbox", name="height ≠ width").click()
    conv.get_by_role("slider", name="stride width").press("ArrowRight")
    expect(conv.get_by_text("8×8 → 4×3")).to_be_visible()
    notebook.says("print(conv.stride, conv.output_size)", "(2, 3) (4, 3)")
    conv.get_by_role("checkbox", name="height ≠ width").click()
    expect(conv.get_by_text("8×8 → 4×4")).to_be_visible()
    notebook.says("print(conv.stride)", "2")


def test_a_pair_of_equal_sizes_is_what_torch_answered_for(notebook, conv):
    notebook.execute("conv.stride = (3, 3)")
    expect(conv.get_by_text("torch: (1, 1, 3, 3) ✓")).to_be_visible()


def test_arrow_keys_choose_cells_in_every_map(up):
    focus_map(up, "Kernel").press("ArrowDown")  # the first press enters a map
    expect(status(up)).to_contain_text("Kernel cell (0, 0) makes 9 products")
    focus_map(up, "Input").press("ArrowRight")
    up.page.keyboard.press("ArrowRight")
    expect(status(up)).to_contain_text(
        "Input cell (0, 1) adds its patch to rows 0–1 and columns 1–3; padding crops 3 of its 9"
    )
    focus_map(up, "Full").press("ArrowDown")
    up.page.keyboard.press("ArrowDown")
    expect(status(up)).to_contain_text("Output cell (1, 0) adds up 2 products: rows 0–1 and column")


def test_the_three_views_show_the_same_layer(up):
    for view, titles in [
        ("zero insertion", ["Zero insertion, 8×8", "Products, 3×3", "Kernel, 3×3", "Output, 6×6"]),
        ("crop window", ["Full map, 7×7", "Output, 6×6"]),
        ("scatter", ["Input, 3×3", "Products, 3×3", "Kernel, 3×3", "Full map, 7×7"]),
    ]:
        up.get_by_role("button", name=view, exact=True).click()
        for title in titles:
            expect(up.get_by_role("img", name=title)).to_be_visible()
        expect(up.get_by_role("img")).to_have_count(len(titles))


def test_numbers_are_written_out_and_equal_torch(notebook, conv):
    focus_map(conv, "Kernel").press("ArrowDown")
    focus_map(conv, "Output").press("ArrowDown")  # the first press enters a map
    conv.page.keyboard.press("n")
    expect(conv.get_by_role("checkbox", name="numbers")).to_be_checked()
    written = conv.locator(".ut-products").text_content().replace("−", "-")
    total = notebook.execute("print(int(conv.layer(conv.input)[0, 0, 0, 0]))")
    assert re.fullmatch(r"[-0-9·+ ()]+ = -?\d+", written)
    assert written.endswith(f"= {total}")


def test_a_kernel_cell_can_be_edited(notebook, conv):
    notebook.execute("conv.numbers = True; conv.weights = 'box'")
    focus_map(conv, "Kernel").press("ArrowRight")
    conv.page.keyboard.press("ArrowRight")
    conv.get_by_role("spinbutton", name="value of the chosen kernel cell").fill("7")
    expect(conv.get_by_role("combobox", name="kernel")).to_have_value("own")
    notebook.says("print(conv.weights[0])", "[1, 7, 1]")


def test_space_plays_and_point_and_comma_step(notebook, conv):
    focus_map(conv, "Kernel").press("ArrowDown")
    keys = focus_map(conv, "Output")
    keys.press("ArrowDown")
    keys.press(".")
    expect(status(conv)).to_contain_text("Output cell (0, 1)")
    keys.press(",")
    keys.press(",")
    expect(status(conv)).to_contain_text("Output cell (3, 3)")
    status(conv).evaluate(NOTE_CELLS)
    keys.press("Space")
    conv.page.wait_for_function("window.cells.size >= 3")
    notebook.says("print(conv.playing)", "True")
    expect(status(conv)).to_have_attribute("aria-live", "off")
    keys.press("Space")
    assert conv.page.evaluate("[...window.cells].slice(0, 3)") == ["(3, 3)", "(0, 0)", "(0, 1)"]
    expect(conv.get_by_role("button", name="play")).to_be_visible()
    notebook.says("print(conv.playing)", "False")


def test_the_animation_goes_on_faintly_while_something_is_hovered(conv):
    keys = focus_map(conv, "Output")
    keys.press("Space")
    conv.get_by_role("img", name=re.compile("^Input,")).hover()
    expect(conv.locator("svg .ut-faint").first).to_be_attached()
    keys.press("Space")
    expect(conv.locator("svg .ut-faint")).to_have_count(0)
    conv.page.mouse.move(0, 0)


def test_a_click_pins_a_cell(conv):
    picture = conv.get_by_role("img", name=re.compile("^Output,"))
    picture.click()
    conv.page.mouse.move(0, 0)
    expect(status(conv)).to_contain_text(MIDDLE)


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_wrong(notebook, conv, up, theme):
    notebook.set_theme(theme)
    notebook.execute("conv.numbers = up.numbers = True; up.output_padding = 3")
    expect(up.get_by_text("3×3 → ✕")).to_be_visible()
    assert axe_violations(notebook.page, colours=theme == THEMES[1]) == []
    notebook.set_theme(THEMES[0])


def test_present_mode_takes_the_whole_screen_and_keys_go_on(notebook, up):
    notebook.page.set_viewport_size({"width": 1280, "height": 720})
    focus_map(up, "Input").press("f")
    expect(up).to_have_class(re.compile("ut-present"))
    assert up.bounding_box() == {"x": 0, "y": 0, "width": 1280, "height": 720}
    focus_map(up, "Input").press("ArrowDown")
    expect(status(up)).to_contain_text("Input cell")
    up.page.keyboard.press("Escape")
    expect(up).not_to_have_class(re.compile("ut-present"))
    notebook.page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.parametrize("value", [-3, 1e9, "<b>", None, [1, 2, 3], {}, [2, "2"], True])
def test_nonsense_from_a_browser_changes_nothing_in_python(notebook, conv, value):
    send = """([id, stride]) => {
      const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
      kernel._comms.get(id).send({ method: 'update', state: { stride }, buffer_paths: [] });
    }"""
    notebook.page.evaluate(send, [notebook.execute("print(conv.model_id)"), value])
    notebook.says("print(conv.stride, conv.output_size)", "2 4")
    expect(conv.get_by_text("8×8 → 4×4")).to_be_visible()


def test_a_phone_works_by_touch(notebook, conv):
    with notebook.on_a_phone():
        conv.scroll_into_view_if_needed()
        assert conv.evaluate("(node) => node.scrollWidth <= node.clientWidth")
        tap(conv.get_by_role("img", name=re.compile("^Output,")))
        expect(status(conv)).to_contain_text(MIDDLE)


def test_nothing_was_written_to_the_console_as_an_error(notebook):
    assert notebook.errors() == []
    assert notebook.console_errors == []
