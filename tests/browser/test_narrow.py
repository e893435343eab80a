"""The solved notebooks 390 pixels wide: no output is cut off or scrolls sideways."""

import nbformat

from .conftest import ROOT

# What is wider than its place, cell by cell. Words break and images shrink. Tables, drawings whose
# words would get too small, and quoted lines of code scroll by themselves, and nothing else does.
WIDER = """() => {
  const { content } = window.jupyterapp.shell.currentWidget;
  const right = content.node.getBoundingClientRect().right;
  return content.widgets.flatMap((cell) =>
    [...cell.node.querySelectorAll('.jp-OutputArea-output, .jp-MarkdownOutput')].flatMap((output) =>
      [output, ...output.querySelectorAll(':not(svg *):not(mjx-container *)')]
        .filter((node) => node.checkVisibility() &&
          !node.closest('[style*="overflow-x:auto"], table, .udia pre, .udia-frame') &&
          !(node === output && output.querySelector('table')) && (
          node.getBoundingClientRect().right > right + 1 ||
          (node.clientWidth > 0 && node.scrollWidth > node.clientWidth + 1 &&
            ['auto', 'scroll'].includes(getComputedStyle(node).overflowX))))
        .map((node) => `${cell.model.id}: ${node.outerHTML.slice(0, 120)}`)));
}"""


SOLVED = ROOT / "notebooks" / "solved"
# A notebook as it is stored, every cell on the page at once, without a kernel.
OPEN = """async (path) => {
  const { commands, docRegistry, shell } = window.jupyterapp;
  const factory = docRegistry.getWidgetFactory('Notebook'), usual = factory.notebookConfig;
  factory.notebookConfig = { ...usual, windowingMode: 'none' };
  Object.defineProperty(factory, 'preferKernel', { value: false, configurable: true });
  await commands.execute('docmanager:open', { path, factory: 'Notebook' });
  factory.notebookConfig = usual;
  delete factory.preferKernel;
  await shell.currentWidget.context.ready;
  await shell.currentWidget.revealed;
}"""
# Cells come to the page little by little, formulas and images a moment later than their cells.
DRAWN = """() => {
  const { node, widgets } = window.jupyterapp.shell.currentWidget.content;
  const formulas = [...node.querySelectorAll('.jp-MarkdownOutput')];
  return widgets.every((cell) => cell.isAttached && !cell.isPlaceholder()) &&
    !formulas.some((text) => text.textContent.includes('$$')) &&
    [...node.querySelectorAll('img')].every((image) => image.complete);
}"""


def test_no_output_is_wider_than_a_phone(open_briefly, lab):
    # All lessons in one notebook, without the code: what is judged are texts and outputs alone.
    lessons = sorted(SOLVED.glob("0*.ipynb"))
    assert len(lessons) == 10
    together = nbformat.read(lessons[0], as_version=4)
    together.cells = []
    for lesson in lessons:
        for number, cell in enumerate(nbformat.read(lesson, as_version=4).cells):
            if cell.cell_type == "markdown" or cell.outputs:
                cell.id = f"{lesson.stem}-{number}"
                cell.source = cell.source if cell.cell_type == "markdown" else ""
                together.cells.append(cell)
    nbformat.write(together, lab.root / "solved" / "together.ipynb")
    notebook = open_briefly("")
    with notebook.on_a_phone():
        notebook.page.evaluate(OPEN, f"{lab.root.name}/solved/together.ipynb")
        notebook.page.wait_for_function(DRAWN, polling=100)
        assert notebook.page.evaluate(WIDER) == []
