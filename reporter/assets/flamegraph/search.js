// Finding by function, file, module, type, thread or process.

// What a query asks for. `field:text` looks in one field only, "text" must be the whole name, /text/ is a regular
// expression; an error in it is told in `problem`.
// `matches` takes texts in small letters; `withLine` says that file:line must be looked at too.
function readQuery(text) {
  let wanted = text.trim();
  let fields = null;
  const prefix = /^(function|file|module|type|thread|process):\s*(.*)$/i.exec(wanted);
  if (prefix) {
    fields = [prefix[1].toLowerCase()];
    wanted = prefix[2];
  }
  if (!wanted) return null;
  const pattern = /^\/(.+)\/$/.exec(wanted);
  if (pattern) {
    try {
      const expression = new RegExp(pattern[1], "i");
      return { fields, withLine: true, matches: (lowered) => expression.test(lowered) };
    } catch {
      return { fields, matches: () => false, problem: "not a regular expression" };
    }
  }
  const part = wanted.toLowerCase();
  const exact = /^"(.+)"$/.exec(part);
  if (exact) return { fields, withLine: true, matches: (lowered) => lowered === exact[1] };
  return { fields, withLine: /:\d/.test(part), matches: (lowered) => lowered.includes(part) };
}

// 1 for every label that the query matches.
function matchLabels(labels, query) {
  const found = new Uint8Array(labels.count);
  const asks = (field) => !query.fields || query.fields.includes(field);
  const { recording } = labels;
  recording.lowered ??= recording.texts.map((text) => text.toLowerCase());
  const ofText = recording.lowered.map((text) => Number(text !== "" && query.matches(text)));
  const { name, file, module } = recording.functions;
  for (let owner = 0; owner < name.length; owner += 1) {
    const hit =
      (asks("function") && ofText[name[owner]]) || (asks("file") && ofText[file[owner]]) || (asks("module") && ofText[module[owner]]);
    found[labels.ofFunction(owner)] = Number(Boolean(hit));
  }
  for (let frame = 0; frame < labels.functionBase; frame += 1) {
    const byPlace = query.withLine && asks("file") && query.matches(labels.shortPlace(frame).toLowerCase());
    found[frame] = Number(byPlace || found[labels.ofFunction(recording.frames.function[frame])]);
  }
  for (let label = labels.threadBase; label < labels.specialBase; label += 1) {
    found[label] = Number(asks(labels.sort(label)) && query.matches(labels.name(label).toLowerCase()));
  }
  return found;
}

// 1 for every cell whose stack, type, thread or process the query matches. Frames that are hidden do not count.
function matchCells(recording, labels, structure, found) {
  const { cells, threads } = recording;
  const below = new Uint8Array(structure.count);
  for (let node = 0; node < structure.count; node += 1) {
    below[node] = found[structure.label[node]] | (node > 0 ? below[structure.parent[node]] : 0);
  }
  const ofThread = threads.map((thread, number) => {
    const process = thread.process ?? -1;
    return found[labels.ofThread(number)] | (process < 0 ? 0 : found[labels.ofProcess(process)]);
  });
  const ofType = found.subarray(labels.typeBase, labels.specialBase);
  const { leaf } = structure;
  const matched = new Uint8Array(cells.count);
  for (let cell = 0; cell < cells.count; cell += 1) {
    const thread = cells.thread[cell];
    const type = cells.type[cell];
    matched[cell] = below[leaf[cell]] | (thread < 0 ? 0 : ofThread[thread]) | (type < 0 ? 0 : ofType[type]);
  }
  return matched;
}

// How much the matched cells hold.
function matchTotal(values, matched) {
  const total = { bytes: 0, blocks: 0 };
  for (let cell = 0; cell < matched.length; cell += 1) {
    if (!matched[cell]) continue;
    total.bytes += values.bytes[cell];
    total.blocks += values.blocks[cell];
  }
  return total;
}
