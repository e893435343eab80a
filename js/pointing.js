/** A cursor on the cells of drawings: pointed at, clicked or tapped, and moved with the arrow keys. */

/** @typedef {[number, number]} Cell   row and column */

/** By how many rows and columns each arrow key moves. */
export const ARROWS = /** @type {Record<string, Cell>} */ ({
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
});

/**
 * @param {GlobalEventHandlers} frame   with a `tabindex`
 * @param {object} on
 * @param {(event: PointerEvent) => Cell | null} on.cellAt
 * @param {(cell: Cell | null) => void} on.hover   null where the pointer has left
 * @param {(cell: Cell) => void} on.pin            the cell that was clicked or tapped
 * @param {(by: Cell, event: KeyboardEvent) => void} on.move
 * @param {AbortSignal} signal
 */
export function followPointer(frame, { cellAt, hover, pin, move }, signal) {
  frame.addEventListener('pointermove', (event) => hover(cellAt(event)), { signal });
  frame.addEventListener('pointerleave', () => hover(null), { signal });
  // Not before the pointer is up: what a cell hands the focus to would lose it again.
  frame.addEventListener(
    'click',
    (event) => {
      const cell = cellAt(/** @type {PointerEvent} */ (event));
      if (cell) pin(cell);
    },
    { signal },
  );
  frame.addEventListener(
    'keydown',
    (event) => {
      const by = ARROWS[event.key];
      if (!by) return;
      event.preventDefault();
      move(by, event);
    },
    { signal },
  );
}
