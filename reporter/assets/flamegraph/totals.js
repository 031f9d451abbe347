// Own and total memory by function, line, file, module, type, thread or process, of what lies under a box.
//
// Own is what was allocated directly there, total what was allocated there and in everything called from there; a function that
// calls itself is counted once.

function totalsBy(model, by, node) {
  return by === "type" || by === "thread" || by === "process" ? totalsByHolder(model, by, node) : totalsByCode(model, by, node);
}

function totalsByCode(model, by, node) {
  const { structure, labels, recording } = model;
  const keyOf = codeKey(by, labels, recording);
  const sums = node === 0 ? structure : underSums(structure, model.structureUnder(node));
  const keyCount = Math.max(labels.count, recording.texts.length);
  const open = new Int32Array(keyCount);
  const rows = new Array(keyCount);
  const start = model.tree === structure ? node : 0;
  // Depth first, each box entered and left, so that it is known what is open above a box. ~box means: leave it. What is no code
  // (a type at the leaf, a thread) counts as the code above it.
  const owners = [codeAbove(structure, keyOf, start)];
  const pending = [start];
  while (pending.length) {
    const step = pending.pop();
    if (step < 0) {
      const left = owners.pop();
      if (left > 0) open[keyOf(structure.label[left])] -= 1;
      continue;
    }
    const owner = keyOf(structure.label[step]) >= 0 ? step : owners.at(-1);
    owners.push(owner);
    pending.push(~step);
    if (owner > 0) {
      const label = structure.label[owner];
      const key = keyOf(label);
      const row = (rows[key] ??= emptyTotals(label));
      row.ownBytes += sums.ownBytes[step];
      row.ownBlocks += sums.ownBlocks[step];
      if (open[key] === 0) addTotal(row, sums, step);
      open[key] += 1;
    }
    const end = structure.childStart[step + 1];
    for (let index = structure.childStart[step]; index < end; index += 1) {
      const child = structure.children[index];
      if (sums.weight[child] > 0) pending.push(child);
    }
  }
  return rows.filter(Boolean).map((row) => named(row, by, labels));
}

// The nearest box above that is code, or 0.
function codeAbove(structure, keyOf, node) {
  let step = node > 0 ? structure.parent[node] : 0;
  while (step > 0 && keyOf(structure.label[step]) < 0) step = structure.parent[step];
  return Math.max(step, 0);
}

function codeKey(by, labels, { functions }) {
  const ofFunction = { function: null, file: functions.file, module: functions.module }[by];
  return (label) => {
    const owner = labels.functionOf(label);
    if (owner < 0) return -1;
    if (by === "line") return label;
    return ofFunction ? ofFunction[owner] : owner;
  };
}

// The tree's sums with only the marked boxes' own memory.
function underSums(structure, under) {
  const masked = (column) => column.map((value, node) => (under[node] ? value : 0));
  const sums = { ownBytes: masked(structure.ownBytes), ownBlocks: masked(structure.ownBlocks) };
  for (const [name, own] of [
    ["bytes", "ownBytes"],
    ["blocks", "ownBlocks"],
    ["weight", "ownWeight"],
    ["beforeBytes", "ownBeforeBytes"],
    ["beforeBlocks", "ownBeforeBlocks"],
  ]) {
    if (!structure[own]) continue;
    sums[name] = masked(structure[own]);
    addUp(structure.parent, sums[name]);
  }
  return sums;
}

function emptyTotals(label) {
  return { label, ownBytes: 0, ownBlocks: 0, bytes: 0, blocks: 0, beforeBytes: 0, beforeBlocks: 0 };
}

function addTotal(row, sums, node) {
  row.bytes += sums.bytes[node];
  row.blocks += sums.blocks[node];
  if (!sums.beforeBytes) return;
  row.beforeBytes += sums.beforeBytes[node];
  row.beforeBlocks += sums.beforeBlocks[node];
}

function totalsByHolder(model, by, node) {
  const { recording, labels, structure } = model;
  const { cells, threads } = recording;
  const under = model.structureUnder(node);
  const only = model.state.only && model.found ? model.matched : null;
  const { values } = model;
  const rows = new Map();
  for (let cell = 0; cell < cells.count; cell += 1) {
    if (!under[structure.leaf[cell]] || (only && !only[cell])) continue;
    if (!values.bytes[cell] && !values.blocks[cell] && !values.before?.bytes[cell]) continue;
    const thread = cells.thread[cell];
    let label = labels.ofThread(thread);
    if (by === "type") label = labels.ofType(cells.type[cell]);
    if (by === "process") label = labels.ofProcess(thread < 0 ? -1 : (threads[thread].process ?? -1));
    let row = rows.get(label);
    if (!row) rows.set(label, (row = emptyTotals(label)));
    row.ownBytes += values.bytes[cell];
    row.ownBlocks += values.blocks[cell];
    if (values.before) {
      row.beforeBytes += values.before.bytes[cell];
      row.beforeBlocks += values.before.blocks[cell];
    }
  }
  return [...rows.values()].map((row) => named({ ...row, bytes: row.ownBytes, blocks: row.ownBlocks }, by, labels));
}

// Name, place, and the search that finds the row's boxes.
function named(row, by, labels) {
  const { label } = row;
  if (by === "file") return { ...row, name: labels.file(label) || "(no file)", place: "", search: `file:"${labels.file(label)}"` };
  if (by === "module") return { ...row, name: labels.module(label) || "(no module)", place: "", search: `module:"${labels.module(label)}"` };
  const name = labels.name(label);
  if (by === "line" || by === "function") {
    const exact = by === "line" && labels.line(label) ? `file:"${labels.shortPlace(label)}"` : `function:"${name}"`;
    const place = by === "line" ? labels.shortPlace(label) : baseName(labels.file(label));
    return { ...row, name, place, search: exact };
  }
  return { ...row, name, place: "", search: `${by}:"${name}"` };
}
