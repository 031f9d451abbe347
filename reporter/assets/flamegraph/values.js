// How much each cell holds in what is looked at: a view, or a range of the time line.

// Dense columns over all cells. Of a difference, bytes and blocks are what was added and `before` is what there was.
function viewValues(recording, view) {
  const values = emptyValues(recording.cells.count);
  addRows(values, view.rows, 1);
  if (view.before) {
    addRows(values, view.before, -1);
    values.before = emptyValues(recording.cells.count);
    addRows(values.before, view.before, 1);
  }
  return values;
}

function emptyValues(count) {
  return { bytes: new Float64Array(count), blocks: new Float64Array(count), before: null };
}

function addRows(values, rows, factor) {
  for (let row = 0; row < rows.cell.length; row += 1) {
    values.bytes[rows.cell[row]] += factor * rows.bytes[row];
    values.blocks[rows.cell[row]] += factor * rows.blocks[row];
  }
}

// Only the cells for which `keep` holds 1.
function maskedValues(values, keep) {
  const masked = (column) => column.map((value, cell) => (keep[cell] ? value : 0));
  return {
    bytes: masked(values.bytes),
    blocks: masked(values.blocks),
    before: values.before && maskedValues(values.before, keep),
  };
}

// Writes the sums of `values` into the tree. `metric` is "bytes" or "blocks"; `width` tells what a box of a difference is wide by:
// its "change" (what grew and what shrank below it, added) or its "size" (the larger of before and after).
function sumTree(tree, values, metric, width) {
  const { count, leaf, parent } = tree;
  const difference = Boolean(values.before);
  for (const name of SUMS) tree[name] = tree[name]?.fill(0) ?? new Float64Array(count);
  for (const name of BEFORE_SUMS) tree[name] = difference ? (tree[name]?.fill(0) ?? new Float64Array(count)) : null;
  for (let cell = 0; cell < leaf.length; cell += 1) {
    tree.ownBytes[leaf[cell]] += values.bytes[cell];
    tree.ownBlocks[leaf[cell]] += values.blocks[cell];
  }
  if (difference) {
    for (let cell = 0; cell < leaf.length; cell += 1) {
      tree.ownBeforeBytes[leaf[cell]] += values.before.bytes[cell];
      tree.ownBeforeBlocks[leaf[cell]] += values.before.blocks[cell];
    }
  }
  const own = metric === "bytes" ? tree.ownBytes : tree.ownBlocks;
  const before = metric === "bytes" ? tree.ownBeforeBytes : tree.ownBeforeBlocks;
  for (let node = 0; node < count; node += 1) {
    tree.ownWeight[node] = difference && width === "size" ? before[node] + Math.max(own[node], 0) : Math.abs(own[node]);
  }
  tree.bytes.set(tree.ownBytes);
  tree.blocks.set(tree.ownBlocks);
  tree.weight.set(tree.ownWeight);
  addUp(parent, tree.bytes);
  addUp(parent, tree.blocks);
  addUp(parent, tree.weight);
  if (difference) {
    tree.beforeBytes.set(tree.ownBeforeBytes);
    tree.beforeBlocks.set(tree.ownBeforeBlocks);
    addUp(parent, tree.beforeBytes);
    addUp(parent, tree.beforeBlocks);
  }
  tree.difference = difference;
  tree.metric = metric;
  tree.sorted.fill(0);
}

// Children come after their parents, so one pass from the end adds every node to all that are above it.
function addUp(parent, column) {
  for (let node = column.length - 1; node > 0; node -= 1) column[parent[node]] += column[node];
}
