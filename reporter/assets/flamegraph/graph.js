// The canvas with the boxes: what is in sight is drawn, pointer and keys choose boxes.

const ROW_HEIGHT = 22;
const TOUCH_ROW_HEIGHT = 28;

class Graph {
  // `told`: what to call: { zoom(node), select(node), copy(node), speak(text) }.
  constructor({ scroller, space, canvas, tooltip }, told) {
    Object.assign(this, { scroller, space, canvas, tooltip, told });
    this.hovered = -1;
    this.focused = 0;
    this.boxes = null;
    this.rowHeight = matchMedia("(pointer: coarse)").matches ? TOUCH_ROW_HEIGHT : ROW_HEIGHT;
    this.lettering = new Lettering(`12px ${getComputedStyle(document.body).fontFamily}`);
    scroller.addEventListener("scroll", () => this.paintSoon());
    new ResizeObserver(() => this.resized()).observe(scroller);
    canvas.addEventListener("pointermove", (event) => this.pointed(event));
    canvas.addEventListener("pointerleave", () => this.unpointed());
    canvas.addEventListener("click", (event) => this.clicked(event));
    canvas.addEventListener("keydown", (event) => this.typed(event));
    canvas.addEventListener("focus", () => this.paintSoon());
    canvas.addEventListener("blur", () => this.paintSoon());
  }

  // Shows the model's tree; `colours` are those of the theme.
  show(model, colours) {
    const turned = this.flame !== model.state.flame || this.tree !== model.tree || this.zoomed !== model.zoomed;
    Object.assign(this, { model, colours, tree: model.tree, zoomed: model.zoomed, flame: model.state.flame });
    if (this.focused >= this.tree.count || turned) this.focused = this.zoomed;
    this.hovered = -1;
    this.tooltip.hide();
    this.lay();
    if (turned) this.scroller.scrollTop = this.flame ? this.space.offsetHeight : 0;
    this.paint();
  }

  resized() {
    if (!this.model || (this.width === this.scroller.clientWidth && this.height === this.scroller.clientHeight)) return;
    this.lay();
    this.paint();
  }

  lay() {
    this.width = this.scroller.clientWidth;
    this.height = this.scroller.clientHeight;
    const key = [this.model.keys.tree, this.zoomed, this.width].join("\n");
    if (this.laid === key) return;
    this.laid = key;
    this.boxes = layoutBoxes(this.tree, this.zoomed, this.width);
    this.space.style.height = `${Math.max(this.boxes.rows * this.rowHeight, 1)}px`;
  }

  paintSoon() {
    if (this.waiting || !this.model) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.paint();
    });
  }

  paint() {
    if (this.width === 0 || this.height === 0) return;
    const context = sizeCanvas(this.canvas, this.width, this.height);
    const { boxes } = this;
    paintBoxes(context, {
      ...{ tree: this.tree, boxes, labels: this.model.labels, colours: this.colours, lettering: this.lettering },
      ...{ width: this.width, height: this.height, top: this.scroller.scrollTop, rowHeight: this.rowHeight },
      ...{ flame: this.flame, zoomed: this.zoomed, found: this.model.found, hovered: this.hovered },
      focused: document.activeElement === this.canvas ? boxes.of(this.tree, this.focused) : -1,
    });
  }

  // The row at a height of the canvas.
  rowAt(y) {
    const total = this.boxes.rows * this.rowHeight;
    const offset = this.flame ? Math.max(this.height - total, 0) : 0;
    const line = Math.floor((y + this.scroller.scrollTop - offset) / this.rowHeight);
    return this.flame ? this.boxes.rows - 1 - line : line;
  }

  boxAt(event) {
    const area = this.canvas.getBoundingClientRect();
    return this.boxes.at(this.rowAt(event.clientY - area.top), event.clientX - area.left);
  }

  pointed(event) {
    const box = this.boxAt(event);
    this.canvas.style.cursor = box >= 0 ? "pointer" : "default";
    if (box < 0 || event.pointerType === "touch") this.tooltip.hide();
    else this.tooltip.show(this.model, this.boxes.node[box], event.clientX, event.clientY);
    if (box === this.hovered) return;
    this.hovered = box;
    this.paintSoon();
  }

  unpointed() {
    this.hovered = -1;
    this.tooltip.hide();
    this.paintSoon();
  }

  clicked(event) {
    const box = this.boxAt(event);
    if (box < 0) return;
    const node = this.boxes.node[box];
    this.focused = node < 0 ? -1 - node : node;
    this.told.zoom(this.focused);
  }

  typed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const deeper = this.flame ? "ArrowUp" : "ArrowDown";
    const higher = this.flame ? "ArrowDown" : "ArrowUp";
    const { tree, focused } = this;
    const actions = {
      [deeper]: () => this.focus(this.largestChild(focused)),
      [higher]: () => this.focus(Math.max(tree.parent[focused], 0)),
      ArrowLeft: () => this.focus(this.neighbour(-1)),
      ArrowRight: () => this.focus(this.neighbour(1)),
      Enter: () => this.told.zoom(focused),
      " ": () => this.told.zoom(focused),
      Backspace: () => this.told.zoom(Math.max(tree.parent[this.zoomed], 0)),
      Escape: () => this.told.zoom(0),
      Home: () => this.told.zoom(0),
      c: () => this.told.copy(focused),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  largestChild(node) {
    const [start, end] = this.tree.childRange(node);
    const child = start < end ? this.tree.children[start] : node;
    return this.tree.weight[child] > 0 ? child : node;
  }

  // The next box of the row to one side that stands for one node.
  neighbour(step) {
    const row = this.tree.depth[this.focused];
    let box = this.boxes.of(this.tree, this.focused);
    if (box < 0) return this.focused;
    do box += step;
    while (box >= this.boxes.rowStart[row] && box < this.boxes.rowStart[row + 1] && this.boxes.node[box] < 0);
    const inRow = box >= this.boxes.rowStart[row] && box < this.boxes.rowStart[row + 1];
    return inRow ? this.boxes.node[box] : this.focused;
  }

  focus(node) {
    // Below a box that is too narrow nothing is drawn: zoom so that the keys go on.
    if (this.boxes.of(this.tree, node) < 0) this.told.zoom(Math.max(this.tree.parent[node], 0));
    this.focused = node;
    this.reveal(node);
    this.told.select(node);
    this.told.speak(describeAloud(this.model, node));
    this.paintSoon();
  }

  reveal(node) {
    const row = this.tree.depth[node];
    const line = this.flame ? this.boxes.rows - 1 - row : row;
    const top = line * this.rowHeight;
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    const bottom = top + this.rowHeight - this.height;
    if (bottom > this.scroller.scrollTop) this.scroller.scrollTop = bottom;
  }
}
