// The recording as columns, in the order in which the reporter's `flamegraph/pack.rs` wrote them.

function readRecording(block) {
  const packed = bytesOfBase64(block.textContent.trim());
  const reader = new ColumnReader(bytesOfLz4(packed, Number(block.dataset.length)));
  const head = JSON.parse(reader.text());
  const texts = reader.texts();
  const { counts } = head;
  const functions = {
    name: reader.column(counts.functions),
    file: reader.column(counts.functions),
    module: reader.column(counts.functions),
    kind: reader.column(counts.functions, Uint8Array),
  };
  const frames = {
    function: reader.column(counts.frames),
    line: reader.column(counts.frames),
    column: reader.column(counts.frames),
    source: reader.column(counts.frames),
  };
  const nodes = {
    parent: parentsOf(reader.column(counts.nodes)),
    frame: reader.column(counts.nodes),
  };
  const cells = {
    count: counts.cells,
    node: reader.rising(counts.cells).map(minusOne),
    thread: reader.column(counts.cells).map(minusOne),
    type: reader.column(counts.cells).map(minusOne),
  };
  const views = head.views.map((view) => ({
    ...view,
    label: visible(view.label),
    note: visible(view.note),
    rows: readRows(reader),
    before: view.difference ? readRows(reader) : null,
  }));
  const timelines = head.timelines.map((timeline) => ({
    ...timeline,
    label: visible(timeline.label),
    marks: timeline.marks.map((mark) => ({ ...mark, name: visible(mark.name) })),
    spans: timeline.spans.map((span) => ({ ...span, name: visible(span.name) })),
    series: timeline.series.map((quantity) => readCurve(reader, quantity)),
  }));
  return {
    facts: head.recording,
    kinds: head.kinds,
    processes: head.processes.map((process) => ({ ...process, name: visible(process.name) })),
    threads: head.threads.map((thread) => ({ ...thread, name: visible(thread.name) })),
    types: head.types.map(visible),
    texts,
    functions,
    frames,
    nodes,
    cells,
    views,
    timelines,
    lifetimes: head.lifetimes && { ...head.lifetimes, ...readLifetimes(reader) },
  };
}

const minusOne = (value) => value - 1;

// In preorder a parent is told by how many levels up from the node before it is.
function parentsOf(ups) {
  const parents = new Int32Array(ups.length);
  let previous = -1;
  for (let node = 0; node < ups.length; node += 1) {
    let parent = previous;
    for (let up = ups[node]; up > 0; up -= 1) parent = parents[parent];
    parents[node] = parent;
    previous = node;
  }
  return parents;
}

function readRows(reader) {
  const count = reader.number();
  return {
    cell: reader.rising(count),
    bytes: reader.column(count, Float64Array),
    blocks: reader.column(count, Float64Array),
  };
}

function readCurve(reader, quantity) {
  const count = reader.number();
  const time = reader.rising(count, Float64Array).map((microseconds) => microseconds / 1e6);
  return { quantity, time, bytes: reader.drifting(count) };
}

function readLifetimes(reader) {
  const count = reader.number();
  return {
    cell: reader.rising(count),
    born: reader.column(count),
    lived: reader.column(count),
    bytes: reader.column(count, Float64Array),
    blocks: reader.column(count, Float64Array),
  };
}
