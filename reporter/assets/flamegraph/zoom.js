// The name of a box in links: "cell.label.n", the n-th box with that label on the way to where the cell is. Such a name survives
// changes of view, and as far as possible of what is hidden or joined.

function nameOfBox(tree, node) {
  if (node <= 0) return "";
  const label = tree.label[node];
  const before = tree.path(tree.parent[node]).filter((step) => tree.label[step] === label);
  return `${tree.firstCell[node]}.${label}.${before.length}`;
}

// The box with a name, or 0 (all) where there is none.
function boxOfName(tree, structure, labels, name) {
  const [cell, label, turn] = name.split(".").map(Number);
  if (!(cell >= 0 && cell < structure.leaf.length && label >= 0 && label < labels.count && turn >= 0)) return 0;
  const steps = structure.path(structure.leaf[cell]);
  if (tree !== structure) {
    const group = structure.grouped ? steps.splice(0, 1) : [];
    steps.reverse();
    steps.unshift(...group);
  }
  const equal = steps.map((step, index) => index).filter((index) => structure.label[steps[index]] === label);
  const owner = labels.functionOf(label);
  const alike = steps.map((step, index) => index).filter((index) => owner >= 0 && labels.functionOf(structure.label[steps[index]]) === owner);
  const found = equal.length ? equal : alike;
  if (!found.length) return 0;
  const index = found[Math.min(turn, found.length - 1)];
  if (tree === structure) return steps[index];
  return descend(
    tree,
    steps.slice(0, index + 1).map((step) => structure.label[step]),
  );
}

// Follows labels down from the root; 0 where the way ends.
function descend(tree, way) {
  let node = 0;
  for (const label of way) {
    const [start, end] = tree.childRange(node);
    const next = tree.children.subarray(start, end).find((child) => tree.label[child] === label);
    if (next === undefined) return 0;
    node = next;
  }
  return node;
}
