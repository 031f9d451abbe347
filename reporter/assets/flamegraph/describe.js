// What is said about a box, in words: for the tooltip, the panel and screen readers.

function shareOf(tree, value) {
  const all = tree.metric === "bytes" ? tree.bytes[0] : tree.blocks[0];
  return all ? value / all : Number.NaN;
}

function amountOf(tree, node) {
  return tree.metric === "bytes" ? tree.bytes[node] : tree.blocks[node];
}

// "4.7 KiB · 47 blocks · 47.0 %", or of a difference "+2.0 KiB · +20 blocks".
function describeAmount(tree, node) {
  const { bytes, blocks } = tree;
  if (tree.difference) {
    return `${formatSigned(bytes[node], formatBytes)} · ${formatSigned(blocks[node], formatCount)} blocks`;
  }
  return `${formatBytes(bytes[node])} · ${plural(blocks[node], "block")} · ${formatPercent(shareOf(tree, amountOf(tree, node)))}`;
}

// Before and after of a difference.
function describeBefore(tree, node) {
  if (!tree.difference) return "";
  const before = tree.beforeBytes[node];
  return `${formatBytes(before)} before, ${formatBytes(before + tree.bytes[node])} after`;
}

function describeAloud(model, node) {
  const { tree, labels } = model;
  const label = tree.label[node];
  const [start, end] = tree.childRange(node);
  let below = 0;
  for (let index = start; index < end && tree.weight[tree.children[index]] > 0; index += 1) below += 1;
  const place = labels.shortPlace(label);
  const parts = [labels.name(label), place, describeAmount(tree, node), `level ${tree.depth[node]}`];
  parts.push(tree === model.structure ? `calls ${below}` : `${plural(below, "caller")}`);
  return parts.filter(Boolean).join(", ");
}

// The stack of a box as text, innermost call last as in a Python traceback.
function describeStack(model, node) {
  const { tree, labels } = model;
  const path = tree.path(node);
  if (tree !== model.structure) path.reverse();
  const lines = path.map((step) => {
    const label = tree.label[step];
    const place = labels.place(label);
    const source = labels.source(label).trim();
    const head = place ? `${labels.name(label)}  (${place})` : labels.name(label);
    return source ? `${head}\n    ${source}` : head;
  });
  return `${describeAmount(tree, node)}\n${lines.join("\n")}\n`;
}
