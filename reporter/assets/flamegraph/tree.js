// A tree of boxes: what is drawn, zoomed and searched. A node is a number; a parent's number is smaller than its children's.
//
// `weight` is what a box is wide by; bytes and blocks are what it says. In a difference bytes and blocks are what was added
// (negative: lost), and the `before` columns hold what there was.

const SUMS = ["ownBytes", "ownBlocks", "bytes", "blocks", "weight", "ownWeight"];
const BEFORE_SUMS = ["beforeBytes", "beforeBlocks", "ownBeforeBytes", "ownBeforeBlocks"];

class Tree {
  constructor(capacity) {
    this.count = 0;
    this.label = new Int32Array(capacity);
    this.parent = new Int32Array(capacity);
    this.depth = new Int32Array(capacity);
  }

  add(parent, label) {
    const node = this.count++;
    if (node === this.label.length) this.grow();
    this.label[node] = label;
    this.parent[node] = parent;
    this.depth[node] = parent < 0 ? 0 : this.depth[parent] + 1;
    return node;
  }

  grow() {
    for (const name of this.columns()) this[name] = lengthened(this[name]);
  }

  columns() {
    return ["label", "parent", "depth"];
  }

  // Children of a node, largest first: a start and an end in `this.children`.
  childRange(node) {
    const start = this.childStart[node];
    const end = this.childStart[node + 1];
    if (!this.sorted[node]) {
      this.sorted[node] = 1;
      sortByWeight(this.children, start, end, this.weight);
    }
    return [start, end];
  }

  // Once all nodes are there: who is below whom.
  link() {
    const { count, parent } = this;
    const start = new Int32Array(count + 1);
    for (let node = 1; node < count; node += 1) start[parent[node] + 1] += 1;
    for (let node = 0; node < count; node += 1) start[node + 1] += start[node];
    const next = start.slice();
    const children = new Int32Array(Math.max(count - 1, 0));
    for (let node = 1; node < count; node += 1) children[next[parent[node]]++] = node;
    this.childStart = start;
    this.children = children;
    this.sorted = new Uint8Array(count);
  }

  // The nodes from below the root down to this one.
  path(node) {
    const path = [];
    for (let step = node; step > 0; step = this.parent[step]) path.push(step);
    return path.reverse();
  }

  isUnder(node, ancestor) {
    let step = node;
    while (step > ancestor) step = this.parent[step];
    return step === ancestor;
  }
}

function lengthened(column) {
  const longer = new column.constructor(Math.max(64, column.length * 2));
  longer.set(column);
  return longer;
}

// Most nodes have few children: insertion beats the general sort there.
function sortByWeight(list, start, end, weight) {
  if (end - start > 24) {
    list.subarray(start, end).sort((a, b) => weight[b] - weight[a] || a - b);
    return;
  }
  for (let index = start + 1; index < end; index += 1) {
    const node = list[index];
    let place = index;
    while (place > start && weight[list[place - 1]] < weight[node]) {
      list[place] = list[place - 1];
      place -= 1;
    }
    list[place] = node;
  }
}
