// Draws the boxes that are in sight.

const BOX_PADDING = 5;

// `scene`: { tree, boxes, labels, colours, lettering, width, height, top (pixels scrolled), rowHeight, flame, zoomed, hovered,
// focused (boxes or -1), found (labels that a search matches, or null) }.
function paintBoxes(context, scene) {
  const { boxes, colours, rowHeight, height } = scene;
  context.fillStyle = colours.page.ground;
  context.fillRect(0, 0, scene.width, height);
  context.font = scene.lettering.font;
  context.textBaseline = "middle";
  const total = boxes.rows * rowHeight;
  const offset = scene.flame ? Math.max(height - total, 0) : 0;
  const firstLine = Math.max(Math.floor(scene.top / rowHeight), 0);
  const lastLine = Math.min(Math.ceil((scene.top + height) / rowHeight), boxes.rows);
  for (let line = firstLine; line < lastLine; line += 1) {
    const row = scene.flame ? boxes.rows - 1 - line : line;
    const y = line * rowHeight - scene.top + offset;
    for (let box = boxes.rowStart[row]; box < boxes.rowStart[row + 1]; box += 1) paintBox(context, scene, box, row, y);
  }
}

function paintBox(context, scene, box, row, y) {
  const { tree, boxes, colours, found, rowHeight } = scene;
  const node = boxes.node[box];
  const left = boxes.left[box];
  const size = Math.max(boxes.size[box] - (boxes.size[box] > 3 ? 1 : 0), 0.5);
  if (node < 0) {
    context.fillStyle = colours.page.rest;
    context.fillRect(left, y + rowHeight * 0.3, size, rowHeight * 0.4);
    return;
  }
  const label = tree.label[node];
  const matches = found !== null && found[label] === 1;
  const dimmed = row < tree.depth[scene.zoomed] || (found !== null && !matches);
  context.globalAlpha = dimmed ? 0.45 : 1;
  let share = 0;
  if (matches) {
    context.fillStyle = colours.page.found;
  } else if (tree.difference) {
    share = changeShare(tree, node);
    context.fillStyle = colours.ofChange(share);
  } else {
    context.fillStyle = colours.ofLabel(label);
  }
  context.fillRect(left, y, size, rowHeight - 1);
  if (size > 18) {
    let ink = matches ? colours.page.foundInk : colours.page.ink;
    if (Math.abs(share) > 0.45) ink = colours.page.strongInk;
    paintText(context, scene, node, left, size, y + (rowHeight - 1) / 2 + 0.5, ink);
  }
  context.globalAlpha = 1;
  if (box === scene.hovered || box === scene.focused) {
    context.strokeStyle = colours.page.focus;
    context.lineWidth = box === scene.focused ? 2 : 1;
    const inset = context.lineWidth / 2;
    context.strokeRect(left + inset, y + inset, Math.max(size - 2 * inset, 1), rowHeight - 1 - 2 * inset);
  }
}

// Name, then place if there is room, and the amount at the right end of wide boxes.
function paintText(context, scene, node, left, size, middle, ink) {
  const { tree, labels, lettering, width, colours } = scene;
  const start = Math.max(left, 0) + BOX_PADDING;
  let room = Math.min(left + size, width) - start - BOX_PADDING;
  context.fillStyle = ink;
  if (room > 170) {
    const amount = shownAmount(tree, node);
    const amountWidth = lettering.width(amount);
    context.fillText(amount, start + room - amountWidth, middle);
    room -= amountWidth + 12;
  }
  const label = tree.label[node];
  const name = fittedName(labels, label, lettering, room);
  if (!name) return;
  context.fillText(name, start, middle);
  const used = lettering.width(name) + 10;
  const place = room - used > 40 ? lettering.fitted(labels.shortPlace(label), room - used) : "";
  if (!place) return;
  if (ink === colours.page.ink) context.fillStyle = colours.page.quietInk;
  context.fillText(place, start + used, middle);
}

// The bodies of modules all have the same name: where there is no room for the place, the file says more.
function fittedName(labels, label, lettering, room) {
  if (room < 14) return "";
  const name = labels.name(label);
  const file = labels.file(label);
  if (name === "<module>" && file && room < lettering.width(name) + 50) return lettering.fitted(baseName(file), room);
  return labels.kind(label) === "native" ? lettering.fitted(name, room) : lettering.fittedName(name, room);
}

// What the box says in the chosen metric; of a difference with its sign.
function shownAmount(tree, node) {
  const format = tree.metric === "bytes" ? formatBytes : formatShortCount;
  const value = tree.metric === "bytes" ? tree.bytes[node] : tree.blocks[node];
  if (!tree.difference) return format(value);
  const arrow = value > 0 ? "▲ " : value < 0 ? "▼ " : "";
  return arrow + formatSigned(value, format);
}

// How much of what changed here was growth (1: all of it, -1: all of it was shrinking).
function changeShare(tree, node) {
  const value = tree.metric === "bytes" ? tree.bytes[node] : tree.blocks[node];
  return tree.weight[node] > 0 ? value / tree.weight[node] : 0;
}
