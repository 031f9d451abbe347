// From what the reader chose to what is shown. Each stage is computed anew only when something it depends on has changed:
// structure (which boxes) → values (how much each cell holds) → search → sums → tree (as it is, or inverted) → zoomed box.

class Model {
  constructor(recording) {
    this.recording = recording;
    this.labels = new Labels(recording);
    this.keys = {};
  }

  apply(state) {
    this.state = state;
    const { recording, labels } = this;
    this.view = recording.views.find((view) => view.id === state.view) ?? recording.views[0] ?? NO_VIEW;
    this.range = recording.lifetimes ? readRange(state.range) : null;
    const structureKey = [state.imports, state.internals, state.lines, state.fold, state.group, state.types].join();
    const valuesKey = this.range ? `range ${state.range} ${state.mode}` : `view ${this.view.id}`;
    const searchKey = `${structureKey}\n${state.search}`;
    const only = state.only && state.search.trim() !== "";
    const sumsKey = [structureKey, valuesKey, state.metric, state.width, only ? state.search : ""].join("\n");

    this.stage("structure", structureKey, () => {
      this.structure = buildStructure(recording, labels, {
        hideImports: !state.imports,
        hideInternals: !state.internals,
        joinLines: !state.lines,
        foldRecursion: state.fold,
        group: state.group,
        types: state.types,
      });
    });
    this.stage("values", valuesKey, () => {
      this.values = this.range ? rangeValues(recording, this.range, state.mode) : viewValues(recording, this.view);
    });
    this.stage("search", searchKey, () => this.search(state.search));
    this.stage("total", `${searchKey}\n${valuesKey}`, () => {
      this.all = matchTotal(this.values, ALL_CELLS(recording));
      this.total = this.found ? matchTotal(this.values, this.matched) : this.all;
    });
    this.stage("sums", sumsKey, () => {
      const values = only && this.found ? maskedValues(this.values, this.matched) : this.values;
      sumTree(this.structure, values, state.metric, state.width);
    });
    this.stage("tree", `${sumsKey}\n${state.inverted}`, () => {
      this.tree = state.inverted ? new InvertedTree(this.structure, labels) : this.structure;
      this.totals = new Map();
    });
    this.zoomed = state.zoom ? boxOfName(this.tree, this.structure, labels, state.zoom) : 0;
  }

  stage(name, key, compute) {
    if (this.keys[name] === key) return;
    this.keys[name] = key;
    compute();
  }

  search(text) {
    this.query = readQuery(text);
    this.found = null;
    this.matched = null;
    if (!this.query) return;
    this.found = matchLabels(this.labels, this.query);
    this.matched = matchCells(this.recording, this.labels, this.structure, this.found);
  }

  // Totals under a box, see `totals.js`; kept until sums or boxes change.
  totalsBy(by, node) {
    const key = `${by} ${node}`;
    let rows = this.totals.get(key);
    if (!rows) {
      rows = totalsBy(this, by, node);
      if (this.totals.size > 20) this.totals.clear();
      this.totals.set(key, rows);
    }
    return rows;
  }

  // 1 for every box of the structure that lies under a box of the tree (or, inverted, whose memory is counted there).
  structureUnder(node) {
    const { structure, tree } = this;
    if (tree !== structure) return tree.sourcesUnder(node);
    const under = new Uint8Array(structure.count);
    under[node] = 1;
    for (let step = node + 1; step < structure.count; step += 1) under[step] = under[structure.parent[step]];
    return under;
  }
}

const NO_VIEW = { id: "", label: "", note: "", moment: null, rows: { cell: [], bytes: [], blocks: [] }, before: null };

const ALL_CELLS = (recording) => {
  recording.everyCell ??= new Uint8Array(recording.cells.count).fill(1);
  return recording.everyCell;
};
