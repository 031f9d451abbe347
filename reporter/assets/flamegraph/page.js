// Puts the parts together: one state, one model, and everything on the page shown from them.

class Page {
  constructor(recording) {
    this.recording = recording;
    this.model = new Model(recording);
    this.labels = this.model.labels;
    this.history = new History(() => this.show());
    const go = (changes, options) => this.history.go(changes, options);
    const zoom = (node) => go({ zoom: nameOfBox(this.model.tree, node), tab: "graph" });
    const search = (text) => go({ search: text, tab: "graph" });
    const copy = async (node) => speak((await copyText(describeStack(this.model, node))) ? "Stack copied." : "Copying is not allowed here.");
    this.controls = new Controls(recording, go);
    this.panel = new Panel(byId("panel"), { zoom, search, copy });
    this.table = new Table(byId("table"), { go, search });
    this.tooltip = new Tooltip(byId("tooltip"));
    this.theme = new Theme(byId("theme"), () => this.show());
    this.setUpTimeline(go);
    if (!recording.cells.count) for (const part of ["controls", "trail", "panel"]) byId(part).hidden = true;
    const parts = { scroller: byId("scroller"), space: byId("space"), canvas: byId("graph"), tooltip: this.tooltip };
    const select = (node) => this.panel.show(this.model, node);
    this.graph = new Graph(parts, { zoom, select, copy, speak });
    this.zoom = zoom;
    addEventListener("keydown", (event) => this.typed(event));
    byId("help-button").addEventListener("click", () => byId("help").showModal());
    this.show();
  }

  setUpTimeline(go) {
    const { recording } = this;
    if (!recording.timelines.some((timeline) => timeline.series.some((curve) => curve.time.length))) return;
    byId("time").hidden = false;
    this.chart = new Chart(byId("chart"), recording);
    const parts = { chart: this.chart, legend: byId("legend"), from: byId("from"), to: byId("to"), mode: byId("mode"), clear: byId("clear") };
    this.brush = new Brush(parts, recording, {
      range: (range, step) => {
        if (step === "preview") this.previewRange(range);
        else go({ range });
      },
    });
    byId("range").hidden = !recording.lifetimes;
    byId("clear").addEventListener("click", () => go({ range: "" }));
    new ResizeObserver(() => this.paintChart()).observe(byId("chart"));
  }

  // While dragging the graph follows, at most once a frame; the address waits for the end.
  previewRange(range) {
    this.preview = range;
    if (this.previewing) return;
    this.previewing = true;
    requestAnimationFrame(() => {
      this.previewing = false;
      if (this.brush.start === null) return;
      this.show({ ...this.history.state, range: this.preview });
    });
  }

  show(state = this.history.state) {
    const { model } = this;
    model.apply(state);
    if (!this.colours || this.colours.theme !== this.theme.name) this.colours = new Colours(this.labels, this.theme.name);
    this.controls.show(model);
    const empty = !(model.tree.weight[0] > 0);
    const inTable = state.tab === "table";
    byId("graph-tab").hidden = inTable;
    byId("table").hidden = !inTable;
    byId("nothing").hidden = !empty || inTable;
    byId("nothing").textContent = emptyText(model);
    byId("scroller").hidden = empty;
    showTrail(byId("trail"), model, this.zoom);
    if (inTable) this.table.show(model);
    else this.graph.show(model, this.colours);
    this.panel.show(model, model.zoomed);
    byId("legend-kinds").hidden = empty || model.tree.difference;
    byId("legend-change").hidden = empty || !model.tree.difference;
    if (this.chart) {
      this.brush.show(model.range);
      this.paintChart();
    }
    document.documentElement.dataset.ready = "yes";
  }

  paintChart() {
    const { view, range } = this.model;
    const moments = !range && view.moment !== null && !view.before ? [{ time: view.moment, label: view.label }] : [];
    if (this.colours) this.chart.paint({ colours: this.colours, range, moments });
  }

  // Keys that work everywhere but where one writes.
  typed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    const { state } = this.history;
    const actions = {
      "/": () => byId("search").focus(),
      "?": () => byId("help").showModal(),
      i: () => this.history.go({ inverted: !state.inverted }),
      f: () => this.history.go({ flame: !state.flame }),
      b: () => this.history.go({ metric: state.metric === "bytes" ? "blocks" : "bytes" }),
      t: () => this.history.go({ tab: state.tab === "table" ? "graph" : "table" }),
      g: () => byId("graph").focus(),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }
}

function emptyText(model) {
  const { state, query, range } = model;
  if (!model.recording.cells.count) return "Nothing was allocated in this recording.";
  if (query && state.only) return `Nothing here matches “${state.search}”.`;
  if (range) return "Nothing that was allocated in this range was alive then.";
  if (model.tree.difference) return "Nothing changed.";
  return "Nothing to show in this view.";
}

// Says something to screen readers, and to those who look at the foot of the graph.
function speak(text) {
  byId("spoken").textContent = text;
}

function showFacts({ facts }) {
  const entries = [
    ["Peak", facts.allocations ? formatBytes(facts.peakBytes) + (facts.peakTime === null ? "" : ` at ${formatTime(facts.peakTime)}`) : ""],
    ["Allocations", facts.allocations ? formatCount(facts.allocations) : ""],
    ["Duration", facts.duration > 0 ? formatTime(facts.duration) : ""],
    ["Started", formatDate(facts.started)],
    ["Runtime", facts.runtime],
    ["File", facts.file],
  ];
  for (const [name, value] of entries) {
    const rank = ["Started", "Runtime", "File"].includes(name) ? "minor" : "";
    if (value) byId("facts").append(element("div", { class: rank }, element("dt", { text: name }), element("dd", { text: visible(value) })));
  }
}

function start() {
  try {
    const recording = readRecording(byId("recording"));
    showFacts(recording);
    byId("recording").remove();
    document.body.classList.add("started");
    return new Page(recording);
  } catch (problem) {
    byId("failed").hidden = false;
    byId("failed").textContent = `This page cannot be shown: ${problem.message}. It may have been cut short when it was copied; make it again with memprof flamegraph.`;
    throw problem;
  }
}

// For the browser tests and the curious.
globalThis.memprof = start();
performance.mark("memprof-ready");
