// The same memory as a table; it says everything that the graph shows to those who cannot see it.

const TABLE_STEP = 100;

class Table {
  // `told`: { go(changes), search(text) }.
  constructor(box, told) {
    this.box = box;
    this.told = told;
    this.limit = TABLE_STEP;
  }

  show(model) {
    const { state } = model;
    const key = [state.by, state.sort, state.zoom].join();
    if (this.key !== key) this.limit = TABLE_STEP;
    this.key = key;
    this.model = model;
    const columns = this.columns();
    const rows = this.sorted(this.rows(), columns);
    const shown = rows.slice(0, this.limit);
    fill(
      this.box,
      rows.length
        ? element("table", { class: "rows" }, this.head(columns), element("tbody", {}, ...shown.map((row) => this.row(row, columns))))
        : element("p", { class: "empty", text: "No memory was held here." }),
      rows.length > shown.length && this.more(rows.length - shown.length),
    );
  }

  rows() {
    const { model } = this;
    const { state, query } = model;
    const rows = model.totalsBy(state.by, model.zoomed);
    if (!query) return rows;
    const matches = (row) => query.matches(row.name.toLowerCase()) || query.matches(row.place.toLowerCase()) || model.found?.[row.label];
    return rows.filter(matches);
  }

  // key, title, value of a row, text.
  columns() {
    const { model } = this;
    const { tree } = model;
    const code = ["function", "line", "file", "module"].includes(model.state.by);
    const all = model.state.metric === "bytes" ? tree.bytes[0] : tree.blocks[0];
    const bytes = model.state.metric === "bytes";
    const own = (row) => (bytes ? row.ownBytes : row.ownBlocks);
    const total = (row) => (bytes ? row.bytes : row.blocks);
    const before = (row) => (bytes ? row.beforeBytes : row.beforeBlocks);
    const format = bytes ? formatBytes : formatCount;
    const signed = (value) => formatSigned(value, format);
    const name = { key: "name", title: TABLE_TITLES[model.state.by], of: (row) => row.name };
    const place = code && model.state.by !== "file" && model.state.by !== "module";
    const places = place ? [{ key: "place", title: "Where", of: (row) => row.place }] : [];
    if (tree.difference) {
      return [
        name,
        ...places,
        code && { key: "own", title: "Own change", of: own, text: signed, number: true },
        { key: "total", title: "Change", of: total, text: signed, number: true },
        { key: "before", title: "Before", of: before, text: format, number: true },
        { key: "after", title: "After", of: (row) => before(row) + total(row), text: format, number: true },
      ].filter(Boolean);
    }
    const share = (value) => formatPercent(value / all);
    return [
      name,
      ...places,
      { key: "own", title: code ? "Own" : "Size", of: own, text: format, number: true },
      { key: "own-share", title: "%", of: (row) => own(row) / all, text: (value) => share(value * all), number: true, sortAs: "own" },
      code && { key: "total", title: "Total", of: total, text: format, number: true },
      code && { key: "total-share", title: "%", of: (row) => total(row) / all, text: (value) => share(value * all), number: true, sortAs: "total" },
      bytes && { key: "blocks", title: code ? "Own blocks" : "Blocks", of: (row) => row.ownBlocks, text: formatCount, number: true },
      !bytes && { key: "bytes", title: code ? "Own bytes" : "Bytes", of: (row) => row.ownBytes, text: formatBytes, number: true },
    ].filter(Boolean);
  }

  sorted(rows, columns) {
    const { sort } = this.model.state;
    const falling = sort.startsWith("-");
    const key = falling ? sort.slice(1) : sort;
    const column = columns.find((candidate) => candidate.key === key) ?? columns.find((candidate) => candidate.number);
    const compare = column.number ? (a, b) => column.of(a) - column.of(b) : (a, b) => column.of(a).localeCompare(column.of(b));
    return rows.toSorted((a, b) => (falling ? compare(b, a) : compare(a, b)) || a.label - b.label);
  }

  head(columns) {
    const { sort } = this.model.state;
    const cells = columns.map((column) => {
      const key = column.sortAs ?? column.key;
      const direction = sort === `-${key}` ? "descending" : sort === key ? "ascending" : "none";
      const next = sort === `-${key}` || (sort !== key && !column.number) ? key : `-${key}`;
      const button = element("button", {
        type: "button",
        text: column.title,
        on: { click: () => this.told.go({ sort: next }) },
      });
      const properties = { scope: "col", "data-key": column.key, class: column.number ? "number" : "" };
      if (!column.sortAs) properties["aria-sort"] = direction;
      return element("th", properties, button);
    });
    return element("thead", {}, element("tr", {}, ...cells));
  }

  row(row, columns) {
    const cells = columns.slice(1).map((column) => {
      const value = column.of(row);
      const sign = this.model.tree.difference && column.text && (column.key === "own" || column.key === "total") ? signClass(value) : "";
      return element("td", { class: `${column.number ? "number" : "where"} ${sign}`, text: column.text ? column.text(value) : value });
    });
    const find = element("button", {
      type: "button",
      class: "link",
      text: row.name,
      title: "Find in the graph",
      on: { click: () => this.told.search(row.search) },
    });
    return element("tr", {}, element("th", { scope: "row" }, find), ...cells);
  }

  more(left) {
    return element("button", {
      type: "button",
      class: "more",
      text: `Show more (${formatCount(left)} left)`,
      on: {
        click: () => {
          this.limit += TABLE_STEP * 5;
          this.show(this.model);
        },
      },
    });
  }
}

const TABLE_TITLES = {
  function: "Function",
  line: "Line",
  file: "File",
  module: "Module",
  type: "Type",
  thread: "Thread",
  process: "Process",
};

function signClass(value) {
  return value > 0 ? "grown" : value < 0 ? "shrunk" : "";
}
