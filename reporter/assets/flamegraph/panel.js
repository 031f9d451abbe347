// The panel beside the graph: the chosen box in detail, or the largest lines when nothing is chosen.

const TOP_ROWS = 10;
const HOLDER_ROWS = 6;

class Panel {
  // `told`: { zoom(node), search(text), copy(node) }.
  constructor(box, told) {
    this.box = box;
    this.told = told;
  }

  show(model, node) {
    const key = `${model.keys.tree}\n${node}`;
    if (this.key === key) return;
    this.key = key;
    if (node > 0) this.showBox(model, node);
    else this.showAll(model);
  }

  showBox(model, node) {
    const { tree, labels } = model;
    const label = tree.label[node];
    const place = labels.place(label);
    const module = labels.module(label);
    const source = labels.source(label).trim();
    fill(
      this.box,
      element("p", { class: "kind", text: KIND_WORDS[labels.kind(label)] }),
      element("h2", { text: labels.name(label) }),
      place && element("p", { class: "place", text: place }),
      module && element("p", { class: "place", text: module }),
      source && element("pre", {}, element("code", { text: source })),
      this.figures(model, node),
      element(
        "p",
        { class: "buttons" },
        this.button("Zoom in", () => this.told.zoom(node), node === model.zoomed),
        this.button("Find everywhere", () => this.told.search(`function:"${labels.name(label)}"`), labels.functionOf(label) < 0),
        this.button("Copy stack", () => this.told.copy(node)),
      ),
      this.callers(model, node),
      this.holders(model, node, "type", "Types made here"),
      this.holders(model, node, "thread", "Threads"),
    );
  }

  button(text, action, disabled = false) {
    return element("button", { type: "button", text, disabled, on: { click: action } });
  }

  // Own and total, share of everything and of the box above.
  figures(model, node) {
    const { tree } = model;
    const bytes = tree.difference ? (value) => formatSigned(value, formatBytes) : formatBytes;
    const blocks = tree.difference ? (value) => formatSigned(value, formatCount) : formatCount;
    const rows = [
      ["Total", bytes(tree.bytes[node]), blocks(tree.blocks[node])],
      tree === model.structure && ["Own", bytes(tree.ownBytes[node]), blocks(tree.ownBlocks[node])],
      tree.difference && ["Before", formatBytes(tree.beforeBytes[node]), formatCount(tree.beforeBlocks[node])],
      tree.difference && [
        "After",
        formatBytes(tree.beforeBytes[node] + tree.bytes[node]),
        formatCount(tree.beforeBlocks[node] + tree.blocks[node]),
      ],
      !tree.difference && tree.blocks[node] > 0 && ["Per block", formatBytes(tree.bytes[node] / tree.blocks[node]), ""],
    ].filter(Boolean);
    const head = element("tr", {}, ...["", "Bytes", "Blocks"].map((text) => element("th", { scope: "col", text })));
    const table = element("table", { class: "figures" }, head);
    for (const [name, ...values] of rows) {
      const cells = values.map((text) => element("td", { text }));
      table.append(element("tr", {}, element("th", { scope: "row", text: name }), ...cells));
    }
    if (tree.difference) return table;
    const above = tree.parent[node];
    const share = formatPercent(shareOf(tree, amountOf(tree, node)));
    const shareAbove = formatPercent(amountOf(tree, node) / amountOf(tree, above));
    const shares = `${share} of all${above > 0 ? ` · ${shareAbove} of the box above` : ""}`;
    return element("div", {}, table, element("p", { class: "share", text: shares }));
  }

  callers(model, node) {
    const { tree, labels } = model;
    const path = tree.path(tree.parent[node]).reverse().slice(0, 12);
    if (!path.length) return null;
    const items = path.map((step) =>
      element(
        "li",
        {},
        this.link(labels.name(tree.label[step]), () => this.told.zoom(step)),
        element("span", { class: "quiet", text: ` ${labels.shortPlace(tree.label[step])}` }),
      ),
    );
    const title = tree === model.structure ? "Called from" : "Calls";
    return element("section", {}, element("h3", { text: title }), element("ol", { class: "callers" }, ...items));
  }

  link(text, action) {
    return element("button", { type: "button", class: "link", text, on: { click: action } });
  }

  holders(model, node, by, title) {
    const rows = model.totalsBy(by, node).toSorted((a, b) => Math.abs(b.ownBytes) - Math.abs(a.ownBytes));
    const held = rows.filter((row) => row.ownBytes !== 0 || row.ownBlocks !== 0);
    if (held.every((row) => model.labels.sort(row.label) === "special")) return null;
    return this.bars(title, held.slice(0, HOLDER_ROWS), held.length, model);
  }

  bars(title, rows, count, model) {
    const { metric } = model.state;
    const value = (row) => (metric === "bytes" ? row.ownBytes : row.ownBlocks);
    const format = metric === "bytes" ? formatBytes : formatCount;
    const most = Math.max(...rows.map((row) => Math.abs(value(row))), 1);
    const items = rows.map((row) => {
      const text = model.tree.difference ? formatSigned(value(row), format) : format(value(row));
      const bar = element("span", { class: value(row) < 0 ? "bar shrunk" : "bar" });
      bar.style.width = `${(100 * Math.abs(value(row))) / most}%`;
      return element(
        "li",
        {},
        element("span", { class: "row" }, this.link(row.name, () => this.told.search(row.search)), element("span", { text })),
        row.place && element("span", { class: "quiet", text: row.place }),
        bar,
      );
    });
    const more = count > rows.length ? element("p", { class: "quiet", text: `${formatCount(count - rows.length)} more in the table.` }) : null;
    return element("section", {}, element("h3", { text: title }), element("ol", { class: "bars" }, ...items), more);
  }

  showAll(model) {
    const { tree, values } = model;
    const rows = model
      .totalsBy("line", 0)
      .filter((row) => row.ownBytes !== 0 || row.ownBlocks !== 0)
      .sort((a, b) => Math.abs(b.ownBytes) - Math.abs(a.ownBytes));
    const note = model.range ? describeRange(model) : model.view.note;
    fill(
      this.box,
      element("p", { class: "kind", text: model.range ? "Range" : model.view.label }),
      element("h2", { text: tree.count > 1 ? describeAmount(tree, 0).split(" · ").slice(0, 2).join(" · ") : "Nothing" }),
      note && element("p", { class: "place", text: note }),
      rows.length
        ? this.bars(values.before ? "Largest changes, by line" : "Largest lines", rows.slice(0, TOP_ROWS), rows.length, model)
        : element("p", { class: "quiet", text: "No memory was held here." }),
      this.holders(model, 0, "type", "Types"),
    );
  }
}

const KIND_WORDS = {
  own: "Your code",
  library: "Library",
  standard: "Standard library",
  native: "Native code",
  import: "Import machinery",
  internal: "Interpreter",
  thread: "Thread",
  process: "Process",
  type: "Type",
  special: "",
};

function describeRange(model) {
  const [from, to] = model.range.map(formatTime);
  const since = model.range[0] === 0 ? "" : `Allocated since ${from} and `;
  if (model.state.mode === "all") return `Everything that was allocated from ${from} to ${to}, freed or not.`;
  if (model.state.mode === "high") return `Allocated from ${from} to ${to} and alive when there was most of it, at ${formatTime(model.values.at)}.`;
  return `${since}${since ? "alive" : "Alive"} at ${to}.`;
}
