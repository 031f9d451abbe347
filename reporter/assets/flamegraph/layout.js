// Where the boxes are: row by row, from the ancestors of the zoomed box (full width) down to what is too narrow to be seen.

const NARROWEST = 0.6;

// Boxes as columns: `node` (negative: -1 - parent, many narrow children of that parent drawn as one), `left` and `size` in pixels,
// `rowStart` where each row begins.
function layoutBoxes(tree, zoomed, width) {
  const boxes = new BoxList();
  for (const ancestor of [0, ...tree.path(zoomed)]) {
    boxes.row();
    boxes.add(ancestor, 0, width);
  }
  const scale = tree.weight[zoomed] > 0 ? width / tree.weight[zoomed] : 0;
  if (scale === 0) boxes.clear();
  let from = Math.max(boxes.count - 1, 0);
  while (scale > 0) {
    const to = boxes.count;
    boxes.row();
    for (let box = from; box < to; box += 1) {
      if (boxes.node[box] >= 0) layoutChildren(tree, boxes, box, scale);
    }
    if (boxes.count === to) break;
    from = to;
  }
  return boxes.finish();
}

function layoutChildren(tree, boxes, box, scale) {
  const node = boxes.node[box];
  const [start, end] = tree.childRange(node);
  const right = boxes.left[box] + boxes.size[box];
  let left = boxes.left[box];
  for (let index = start; index < end; index += 1) {
    const child = tree.children[index];
    const size = tree.weight[child] * scale;
    if (size < NARROWEST) {
      const rest = restWeight(tree, index, end) * scale;
      if (rest >= NARROWEST) boxes.add(-1 - node, left, Math.min(rest, right - left));
      return;
    }
    boxes.add(child, left, size);
    left += size;
  }
}

function restWeight(tree, start, end) {
  let sum = 0;
  for (let index = start; index < end; index += 1) sum += tree.weight[tree.children[index]];
  return sum;
}

class BoxList {
  constructor() {
    this.clear();
  }

  clear() {
    this.count = 0;
    this.node = new Int32Array(4096);
    this.left = new Float64Array(4096);
    this.size = new Float64Array(4096);
    this.rowStart = [];
  }

  row() {
    this.rowStart.push(this.count);
  }

  add(node, left, size) {
    if (this.count === this.node.length) {
      this.node = lengthened(this.node);
      this.left = lengthened(this.left);
      this.size = lengthened(this.size);
    }
    this.node[this.count] = node;
    this.left[this.count] = left;
    this.size[this.count] = size;
    this.count += 1;
  }

  finish() {
    while (this.rowStart.at(-1) === this.count) this.rowStart.pop();
    this.rows = this.rowStart.length;
    this.rowStart.push(this.count);
    return this;
  }

  // The box at a place, or -1.
  at(row, x) {
    if (row < 0 || row >= this.rows) return -1;
    let low = this.rowStart[row];
    let high = this.rowStart[row + 1] - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.left[middle] <= x) low = middle;
      else high = middle - 1;
    }
    return x >= this.left[low] && x < this.left[low] + this.size[low] ? low : -1;
  }

  // The box that draws a node, or -1.
  of(tree, node) {
    const row = tree.depth[node];
    if (row >= this.rows) return -1;
    const found = this.node.subarray(this.rowStart[row], this.rowStart[row + 1]).indexOf(node);
    return found < 0 ? -1 : found + this.rowStart[row];
  }
}
