// Which boxes there are: the recorded stacks, with frames hidden, lines of a function joined, recursion folded, and threads,
// processes or types put in. It does not depend on what is measured, so changing the view or the range keeps it.

const LONGEST_CYCLE = 8;

// `options`: hideImports, hideInternals, joinLines, foldRecursion (booleans), group ("none", "thread", "process"), types (boolean).
function buildStructure(recording, labels, options) {
  const { nodes, cells, functions, frames, kinds } = recording;
  const nodeCount = nodes.parent.length;
  const tree = new Tree(nodeCount + 64);
  const finder = new ChildFinder(tree);
  const hidden = Uint8Array.from(kinds, (kind) =>
    Number((kind === "import" && options.hideImports) || (kind === "internal" && options.hideInternals)),
  );
  const root = tree.add(-1, labels.special("all"));
  const placed = new Int32Array(nodeCount);
  const leaf = new Int32Array(cells.count);

  const place = (node, above) => {
    const frame = nodes.frame[node];
    const owner = frames.function[frame];
    if (hidden[functions.kind[owner]]) return above;
    const label = options.joinLines ? labels.ofFunction(owner) : frame;
    if (options.foldRecursion) {
      const folded = foldedInto(tree, labels, above, label);
      if (folded >= 0) return folded;
    }
    return finder.child(above, label);
  };
  const placeCell = (cell, groupRoot) => {
    const node = cells.node[cell];
    const above = node < 0 ? finder.child(groupRoot, labels.special("no stack recorded")) : placed[node];
    leaf[cell] = options.types ? finder.child(above, labels.ofType(cells.type[cell])) : above;
  };

  if (options.group === "none") {
    for (let node = 0; node < nodeCount; node += 1) {
      const parent = nodes.parent[node];
      placed[node] = place(node, parent < 0 ? root : placed[parent]);
    }
    for (let cell = 0; cell < cells.count; cell += 1) placeCell(cell, root);
  } else {
    for (const [label, members] of cellsByGroup(recording, labels, options.group)) {
      const groupRoot = finder.child(root, label);
      const reached = reachedNodes(recording, members);
      for (const node of reached) {
        const parent = nodes.parent[node];
        placed[node] = place(node, parent < 0 ? groupRoot : placed[parent]);
      }
      for (const cell of members) placeCell(cell, groupRoot);
    }
  }

  tree.link();
  tree.leaf = leaf;
  nameByCells(tree);
  tree.grouped = options.group !== "none";
  return tree;
}

// Finds or makes the child of a node with a label: one hash table over all (parent, label) pairs.
class ChildFinder {
  constructor(tree) {
    this.tree = tree;
    this.table = new Int32Array(1024).fill(-1);
  }

  child(parent, label) {
    const { tree } = this;
    if (tree.count * 2 > this.table.length) this.rebuild();
    let slot = this.slot(parent, label);
    for (;;) {
      const node = this.table[slot];
      if (node < 0) break;
      if (tree.parent[node] === parent && tree.label[node] === label) return node;
      slot = (slot + 1) & (this.table.length - 1);
    }
    const node = tree.add(parent, label);
    this.table[slot] = node;
    return node;
  }

  slot(parent, label) {
    const mixed = Math.imul(Math.imul(parent, 0x9e3779b1) ^ label, 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & (this.table.length - 1);
  }

  rebuild() {
    const { tree } = this;
    const table = new Int32Array(this.table.length * 4).fill(-1);
    this.table = table;
    for (let node = 1; node < tree.count; node += 1) {
      let slot = this.slot(tree.parent[node], tree.label[node]);
      while (table[slot] >= 0) slot = (slot + 1) & (table.length - 1);
      table[slot] = node;
    }
  }
}

// When `label` would complete a second round of the calls above it (a, b, a, b), the box where the first round ended; else -1.
// Rounds are compared by function, so recursion through several lines folds too.
function foldedInto(tree, labels, above, label) {
  const wanted = labels.functionOf(label);
  let last = above;
  for (let length = 1; length <= LONGEST_CYCLE && last > 0; length += 1) {
    if (labels.functionOf(tree.label[last]) === wanted && repeats(tree, labels, above, last, length)) return last;
    last = tree.parent[last];
  }
  return -1;
}

// Whether the `length - 1` boxes up from `above` run the same functions as those up from the caller of `last`.
function repeats(tree, labels, above, last, length) {
  let late = above;
  let early = tree.parent[last];
  for (let step = 1; step < length; step += 1) {
    if (early <= 0) return false;
    if (labels.functionOf(tree.label[late]) !== labels.functionOf(tree.label[early])) return false;
    late = tree.parent[late];
    early = tree.parent[early];
  }
  return true;
}

function cellsByGroup(recording, labels, group) {
  const { cells, threads } = recording;
  const groups = new Map();
  for (let cell = 0; cell < cells.count; cell += 1) {
    const thread = cells.thread[cell];
    let label = labels.ofThread(thread);
    if (group === "process") label = labels.ofProcess(thread < 0 ? -1 : (threads[thread].process ?? -1));
    let members = groups.get(label);
    if (!members) groups.set(label, (members = []));
    members.push(cell);
  }
  return groups;
}

// The nodes on the stacks of these cells, callers first.
function reachedNodes(recording, members) {
  const { nodes, cells } = recording;
  const seen = reachedNodes.seen?.length === nodes.parent.length ? reachedNodes.seen : new Uint8Array(nodes.parent.length);
  reachedNodes.seen = seen;
  const reached = [];
  for (const cell of members) {
    const start = reached.length;
    for (let node = cells.node[cell]; node >= 0 && !seen[node]; node = nodes.parent[node]) {
      seen[node] = 1;
      reached.push(node);
    }
    for (let low = start, high = reached.length - 1; low < high; low += 1, high -= 1) {
      [reached[low], reached[high]] = [reached[high], reached[low]];
    }
  }
  for (const node of reached) seen[node] = 0;
  return reached;
}

// Links name a box by a cell: for each box the first that is exactly there (-1: none), and the first that is there or below.
function nameByCells(tree) {
  const { leaf, parent } = tree;
  const own = new Int32Array(tree.count).fill(-1);
  for (let cell = leaf.length - 1; cell >= 0; cell -= 1) own[leaf[cell]] = cell;
  const first = own.slice();
  for (let node = tree.count - 1; node > 0; node -= 1) {
    const above = parent[node];
    if (first[node] >= 0 && (first[above] < 0 || first[node] < first[above])) first[above] = first[node];
  }
  tree.ownCell = own;
  tree.firstCell = first;
}
