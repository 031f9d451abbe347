// The controls above the graph, and the address they stand for.

// Buttons of which one is pressed. `choices`: [value, text, hint].
function segmented(box, choices, choose) {
  fill(
    box,
    ...choices.map(([value, text, hint = ""]) =>
      element("button", { type: "button", "data-value": value, "aria-pressed": "false", title: hint, text, on: { click: () => choose(value) } }),
    ),
  );
}

function showPressed(box, value) {
  for (const button of box.children) button.setAttribute("aria-pressed", String(button.dataset.value === value));
}

class Controls {
  // `go(changes, options)` changes the state.
  constructor(recording, go) {
    this.recording = recording;
    this.go = go;
    this.differences = recording.views.some((view) => view.before);
    segmented(
      byId("views"),
      recording.views.map((view) => [view.id, view.label, view.note]),
      (view) => go({ view, range: "" }),
    );
    const pairs = {
      metric: [
        ["bytes", "Bytes"],
        ["blocks", "Blocks"],
      ],
      tab: [
        ["graph", "Graph"],
        ["table", "Table"],
      ],
      width: [
        ["change", "Changes", "A box is as wide as what grew and shrank below it"],
        ["size", "Everything", "A box is as wide as what is there, changed or not"],
      ],
    };
    for (const [key, choices] of Object.entries(pairs)) segmented(byId(key), choices, (value) => go({ [key]: value }));
    byId("width").hidden = !this.differences;
    byId("views").hidden = !recording.views.length;
    for (const key of CHECKED) {
      byId(key).addEventListener("change", (event) => go({ [key]: event.target.checked }));
    }
    for (const key of ["group", "by", "mode"]) byId(key).addEventListener("change", (event) => go({ [key]: event.target.value }));
    byId("invert").addEventListener("click", () => go({ inverted: !this.state.inverted }));
    byId("search").addEventListener("input", (event) => this.typedSearch(event.target.value));
    byId("search").addEventListener("keydown", (event) => {
      if (event.key === "Escape") go({ search: "", only: false });
    });
    this.setUpMenu();
    this.offerWhatIsThere();
  }

  // One step of history for a whole word, not for each letter.
  typedSearch(search) {
    const replace = this.typing;
    this.typing = true;
    clearTimeout(this.typingTimer);
    this.typingTimer = setTimeout(() => (this.typing = false), 1500);
    this.go({ search, only: search.trim() === "" ? false : this.state.only }, { replace });
  }

  setUpMenu() {
    const menu = byId("options");
    addEventListener("pointerdown", (event) => {
      if (menu.open && !menu.contains(event.target)) menu.open = false;
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  }

  // Choices that make no difference in this recording are not offered.
  offerWhatIsThere() {
    const { recording } = this;
    const kinds = new Set(Array.from(recording.functions.kind, (kind) => recording.kinds[kind]));
    byId("imports").closest("label").hidden = !kinds.has("import");
    byId("internals").closest("label").hidden = !kinds.has("internal");
    byId("types").closest("label").hidden = !recording.types.length;
    for (const [value, list] of [
      ["type", recording.types],
      ["thread", recording.threads],
      ["process", recording.processes],
    ]) {
      for (const option of document.querySelectorAll(`option[value="${value}"]`)) option.hidden = list.length === 0;
    }
  }

  show(model) {
    const { state } = model;
    this.state = state;
    showPressed(byId("views"), model.range ? "" : model.view.id);
    for (const key of ["metric", "tab", "width"]) showPressed(byId(key), state[key]);
    for (const key of CHECKED) byId(key).checked = state[key];
    for (const key of ["group", "by", "mode"]) byId(key).value = state[key];
    byId("invert").setAttribute("aria-pressed", String(state.inverted));
    if (byId("search").value !== state.search) byId("search").value = state.search;
    byId("only").closest("label").hidden = !model.query;
    byId("by").closest("label").hidden = state.tab !== "table";
    byId("invert").hidden = state.tab === "table";
    this.showTotal(model);
  }

  showTotal(model) {
    const { query, total, all, state } = model;
    let text = "";
    if (query?.problem) text = query.problem;
    else if (query && model.values.before) {
      text = `${formatSigned(total.bytes, formatBytes)}, ${formatSigned(total.blocks, formatCount)} blocks`;
    } else if (query) {
      const share = state.metric === "bytes" ? total.bytes / all.bytes : total.blocks / all.blocks;
      const amount = state.metric === "bytes" ? formatBytes(total.bytes) : plural(total.blocks, "block");
      text = total.blocks || total.bytes ? `${amount}, ${formatPercent(share)}` : "nothing found";
    }
    byId("total").textContent = text;
  }
}

const CHECKED = ["only", "imports", "internals", "lines", "fold", "flame", "types"];
