// The tree upside down: the allocating function first, its callers below. It is made from the boxes of the other tree, and only
// as far as it is looked at, because all paths of a large recording turned around would not fit.

class InvertedTree extends Tree {
  constructor(structure, labels) {
    super(1024);
    this.structure = structure;
    this.labels = labels;
    this.difference = structure.difference;
    this.metric = structure.metric;
    this.grouped = structure.grouped;
    this.children = new Int32Array(1024);
    this.childCount = 0;
    this.pending = [];
    this.childOfLabel = new Int32Array(labels.count).fill(-1);
    const floats = [...SUMS, ...(this.difference ? BEFORE_SUMS : [])];
    for (const name of BEFORE_SUMS) this[name] = null;
    for (const name of floats) this[name] = new Float64Array(1024);
    this.floats = floats;
    this.childStart = new Int32Array(1024);
    this.childEnd = new Int32Array(1024);
    this.firstCell = new Int32Array(1024);
    this.makeRoot();
  }

  columns() {
    return ["label", "parent", "depth", "childStart", "childEnd", "firstCell", ...this.floats];
  }

  makeRoot() {
    const { structure } = this;
    const root = this.add(-1, structure.label[0]);
    const sources = [];
    for (let node = 0; node < structure.count; node += 1) {
      if (structure.ownWeight[node] > 0) sources.push(node);
    }
    for (const source of sources) this.addTo(root, source);
    this.pending[root] = { sources: Int32Array.from(sources), steps: Int32Array.from(sources) };
    if (this.grouped) this.groupOf = groupsOf(structure);
  }

  addTo(node, source) {
    const { structure } = this;
    this.weight[node] += structure.ownWeight[source];
    this.bytes[node] += structure.ownBytes[source];
    this.blocks[node] += structure.ownBlocks[source];
    if (this.difference) {
      this.beforeBytes[node] += structure.ownBeforeBytes[source];
      this.beforeBlocks[node] += structure.ownBeforeBlocks[source];
    }
  }

  childRange(node) {
    if (this.pending[node]) this.expand(node);
    return [this.childStart[node], this.childEnd[node]];
  }

  expand(node) {
    const { sources, steps } = this.pending[node];
    this.pending[node] = null;
    const byGroup = this.grouped && node === 0;
    const start = this.childCount;
    const counts = [];
    const firstChild = this.count;
    const owner = new Int32Array(sources.length).fill(-1);
    for (let item = 0; item < sources.length; item += 1) {
      const step = byGroup ? this.groupOf[sources[item]] : steps[item];
      if (!byGroup && this.isEnd(step)) continue;
      const label = this.structure.label[step];
      let child = this.childOfLabel[label];
      if (child < 0) {
        child = this.addChild(node, label, sources[item]);
        this.childOfLabel[label] = child;
        counts.push(0);
      }
      counts[child - firstChild] += 1;
      owner[item] = child;
      this.addTo(child, sources[item]);
    }
    for (let child = firstChild; child < this.count; child += 1) this.childOfLabel[this.label[child]] = -1;
    this.hand(sources, steps, owner, firstChild, counts, byGroup);
    this.childStart[node] = start;
    this.childEnd[node] = this.childCount;
    sortByWeight(this.children, start, this.childCount, this.weight);
  }

  addChild(node, label, source) {
    const child = this.add(node, label);
    this.firstCell[child] = this.structure.ownCell[source];
    if (this.childCount === this.children.length) this.children = lengthened(this.children);
    this.children[this.childCount++] = child;
    return child;
  }

  // Gives each child its sources, one step further up.
  hand(sources, steps, owner, firstChild, counts, byGroup) {
    const lists = counts.map((count) => ({ sources: new Int32Array(count), steps: new Int32Array(count) }));
    const filled = new Int32Array(counts.length);
    for (let item = 0; item < sources.length; item += 1) {
      if (owner[item] < 0) continue;
      const index = owner[item] - firstChild;
      const place = filled[index]++;
      lists[index].sources[place] = sources[item];
      lists[index].steps[place] = byGroup ? steps[item] : this.structure.parent[steps[item]];
    }
    lists.forEach((list, index) => {
      this.pending[firstChild + index] = list;
    });
  }

  // Whether there is nothing left to show above: the root, or the thread that the tree begins with anyway.
  isEnd(step) {
    return this.structure.depth[step] <= (this.grouped ? 1 : 0);
  }

  // 1 for every box of the structure whose own memory is below this node.
  sourcesUnder(node) {
    const { structure } = this;
    const wanted = this.path(node).map((step) => this.label[step]);
    const group = this.grouped ? wanted.shift() : undefined;
    const under = new Uint8Array(structure.count);
    for (let source = 0; source < structure.count; source += 1) {
      if (!(structure.ownWeight[source] > 0)) continue;
      if (group !== undefined && structure.label[this.groupOf[source]] !== group) continue;
      let step = source;
      let matched = 0;
      while (matched < wanted.length && !this.isEnd(step) && structure.label[step] === wanted[matched]) {
        step = structure.parent[step];
        matched += 1;
      }
      under[source] = Number(matched === wanted.length);
    }
    return under;
  }
}

// For each node the box of its thread or process, directly below the root.
function groupsOf(tree) {
  const groups = new Int32Array(tree.count);
  for (let node = 1; node < tree.count; node += 1) {
    groups[node] = tree.depth[node] === 1 ? node : groups[tree.parent[node]];
  }
  return groups;
}
