// Choosing a range of the time line: by dragging, by a click (everything alive at that moment), by keys, or by typing the times.

const CLICK_PIXELS = 4;

class Brush {
  // `parts`: { chart, legend, from, to, mode, clear }, elements but for the chart. `told`: { range(text, changes, step) }, where
  // step is "preview" while dragging and "done" at the end.
  constructor(parts, recording, told) {
    Object.assign(this, parts);
    this.recording = recording;
    this.lifetimes = recording.lifetimes;
    this.told = told;
    const { canvas } = this.chart;
    canvas.addEventListener("pointermove", (event) => this.moved(event));
    canvas.addEventListener("pointerleave", () => this.left());
    if (!this.lifetimes) return;
    canvas.addEventListener("pointerdown", (event) => this.pressed(event));
    canvas.addEventListener("pointerup", (event) => this.released(event));
    canvas.addEventListener("pointercancel", () => (this.start = null));
    canvas.addEventListener("dblclick", () => this.told.range("", "done"));
    canvas.addEventListener("keydown", (event) => this.typed(event));
    for (const input of [this.from, this.to]) input.addEventListener("change", () => this.entered());
  }

  pressed(event) {
    if (event.button !== 0) return;
    this.start = event.offsetX;
    this.chart.canvas.setPointerCapture(event.pointerId);
  }

  moved(event) {
    this.chart.pointer = this.chart.timeAt(event.offsetX);
    if (this.start !== null && this.start !== undefined && Math.abs(event.offsetX - this.start) >= CLICK_PIXELS) {
      this.told.range(this.between(this.start, event.offsetX), "preview");
    } else {
      this.repaint();
    }
  }

  left() {
    this.chart.pointer = null;
    this.repaint();
  }

  released(event) {
    if (this.start === null || this.start === undefined) return;
    const { start } = this;
    this.start = null;
    if (Math.abs(event.offsetX - start) >= CLICK_PIXELS) this.told.range(this.between(start, event.offsetX), "done");
    else this.told.range(this.snapped(0, this.chart.timeAt(event.offsetX)), "done");
  }

  repaint() {
    if (this.chart.shown) this.chart.paint(this.chart.shown);
    this.readOut();
  }

  between(a, b) {
    const [from, to] = [this.chart.timeAt(Math.min(a, b)), this.chart.timeAt(Math.max(a, b))];
    return this.snapped(from, to);
  }

  // Ranges begin and end where buckets do.
  snapped(from, to) {
    const { bucketSeconds } = this.lifetimes;
    const first = bucketAt(this.lifetimes, from);
    const last = Math.max(bucketAt(this.lifetimes, to), first);
    return writeRange([first * bucketSeconds, (last + 1) * bucketSeconds]);
  }

  // Arrows move the end of the range by a bucket, with shift its start; Escape drops it.
  typed(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: 10, PageDown: -10 };
    if (event.key === "Escape") this.told.range("", "done");
    if (!(event.key in steps)) return;
    event.preventDefault();
    const { bucketSeconds, buckets } = this.lifetimes;
    let [from, to] = this.range ?? [0, buckets * bucketSeconds];
    const change = steps[event.key] * bucketSeconds;
    if (event.shiftKey) from = Math.min(Math.max(from + change, 0), to - bucketSeconds);
    else to = Math.min(Math.max(to + change, from + bucketSeconds), buckets * bucketSeconds);
    this.told.range(writeRange([from, to]), "done");
  }

  entered() {
    const from = Number(this.from.value || 0);
    const to = Number(this.to.value || this.chart.duration);
    if (!(to > from)) return;
    this.told.range(this.snapped(from, to - this.lifetimes.bucketSeconds * 1e-6), "done");
  }

  show(range) {
    this.range = range;
    this.from.value = range ? String(Math.round(range[0] * 1000) / 1000) : "";
    this.to.value = range ? String(Math.round(range[1] * 1000) / 1000) : "";
    this.mode.hidden = !range;
    this.clear.hidden = !range;
    this.readOut();
  }

  // The values at the pointer, or else at the end of the range, or at the highest point.
  readOut() {
    const { chart, legend } = this;
    const several = chart.timelines.length > 1;
    const items = chart.timelines.flatMap((timeline, index) =>
      timeline.series.map((curve) => {
        const at = chart.pointer;
        const value = at === null ? curve.bytes.reduce((a, b) => Math.max(a, b), 0) : valueAt(curve, at);
        const name = several ? `${timeline.label}: ${CURVE_NAMES[curve.quantity]}` : CURVE_NAMES[curve.quantity];
        return element(
          "span",
          { class: index < chart.timelines.length - 1 ? "curve older" : "curve", "data-quantity": curve.quantity },
          element("i", {}),
          element("span", { text: name }),
          element("b", { text: at === null ? `max ${formatBytes(value)}` : formatBytes(value) }),
        );
      }),
    );
    const time = chart.pointer === null ? null : element("span", { class: "time", text: `at ${formatTime(chart.pointer)}` });
    fill(legend, ...items, time);
  }
}
