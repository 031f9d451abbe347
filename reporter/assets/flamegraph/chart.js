// The time line: curves of memory, marks, spans, the moment of the view and the chosen range.

const CHART = { left: 62, right: 14, top: 10, bottom: 20, lane: 16, lanes: 3, curves: 88 };
const CURVE_NAMES = { heap: "Heap", resident: "RSS", mapped: "Mapped files" };
const CURVE_DASHES = [[], [5, 3], [2, 2], [8, 3, 2, 3]];

class Chart {
  constructor(canvas, recording) {
    this.canvas = canvas;
    this.timelines = recording.timelines;
    this.duration = Math.max(...this.timelines.map((timeline) => timeline.duration), 1e-6);
    const peaks = this.timelines.flatMap((timeline) => timeline.series.map((curve) => curve.bytes.reduce((a, b) => Math.max(a, b), 0)));
    this.most = Math.max(...peaks, 1) * 1.05;
    this.spans = lanesOf(this.timelines.at(-1).spans, this.duration);
    this.spanLanes = Math.min(Math.max(0, ...this.spans.map((span) => span.lane + 1)), CHART.lanes);
    this.lanes = this.spanLanes + (this.timelines.at(-1).marks.length ? 1 : 0);
    canvas.style.height = `${CHART.top + this.lanes * CHART.lane + CHART.curves + CHART.bottom}px`;
    this.pointer = null;
  }

  x(seconds) {
    return CHART.left + (seconds / this.duration) * (this.width - CHART.left - CHART.right);
  }

  y(bytes) {
    const top = CHART.top + this.lanes * CHART.lane;
    return this.height - CHART.bottom - (bytes / this.most) * (this.height - CHART.bottom - top);
  }

  timeAt(x) {
    const share = (x - CHART.left) / (this.width - CHART.left - CHART.right);
    return Math.min(Math.max(share, 0), 1) * this.duration;
  }

  // `shown`: { colours, range, moments: [{ time, label }] }.
  paint(shown) {
    this.shown = shown;
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    if (this.width === 0) return;
    const context = sizeCanvas(this.canvas, this.width, this.height);
    const { page } = shown.colours;
    context.fillStyle = page.ground;
    context.fillRect(0, 0, this.width, this.height);
    context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
    this.paintAxes(context, page);
    if (shown.range) this.paintRange(context, page, shown.range);
    this.timelines.forEach((timeline, index) => {
      const newest = index === this.timelines.length - 1;
      for (const curve of timeline.series) this.paintCurve(context, page, curve, newest, this.timelines.length - 1 - index);
    });
    this.paintSpans(context, page);
    this.paintMarks(context, page);
    for (const moment of shown.moments) this.paintMoment(context, page, moment);
    if (this.pointer !== null) this.paintLine(context, this.pointer, page.quietInk, [2, 2]);
  }

  paintAxes(context, page) {
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const bytes of byteTicks(this.most, 3)) {
      context.fillStyle = page.line;
      context.fillRect(CHART.left, Math.round(this.y(bytes)), this.width - CHART.left - CHART.right, 1);
      context.fillStyle = page.quietInk;
      context.fillText(formatBytes(bytes), CHART.left - 8, this.y(bytes));
    }
    context.textAlign = "center";
    for (const time of timeTicks(this.duration, Math.max(this.width / 110, 2))) {
      context.fillText(tickTime(time, this.duration), Math.min(this.x(time), this.width - 18), this.height - CHART.bottom / 2 + 1);
    }
    context.textAlign = "left";
  }

  paintRange(context, page, [from, to]) {
    const top = CHART.top + this.lanes * CHART.lane;
    const high = this.height - CHART.bottom - top;
    context.fillStyle = page.selection;
    context.fillRect(this.x(from), top, this.x(to) - this.x(from), high);
    context.fillStyle = page.selectionEdge;
    context.fillRect(this.x(from) - 1, top, 2, high);
    context.fillRect(this.x(to) - 1, top, 2, high);
  }

  paintCurve(context, page, curve, newest, age) {
    if (!curve.time.length) return;
    context.beginPath();
    context.moveTo(this.x(curve.time[0]), this.y(curve.bytes[0]));
    for (let point = 1; point < curve.time.length; point += 1) {
      // Memory stays as it is until the next point.
      context.lineTo(this.x(curve.time[point]), this.y(curve.bytes[point - 1]));
      context.lineTo(this.x(curve.time[point]), this.y(curve.bytes[point]));
    }
    context.strokeStyle = page.curves[curve.quantity];
    context.lineWidth = curve.quantity === "heap" ? 1.5 : 1.25;
    context.setLineDash(CURVE_DASHES[age % CURVE_DASHES.length]);
    context.stroke();
    context.setLineDash([]);
    if (curve.quantity !== "heap" || !newest) return;
    context.lineTo(this.x(curve.time.at(-1)), this.y(0));
    context.lineTo(this.x(curve.time[0]), this.y(0));
    context.fillStyle = page.area;
    context.fill();
  }

  // Brackets over the curves, nested spans below one another.
  paintSpans(context, page) {
    for (const span of this.spans) {
      if (span.lane >= this.spanLanes) continue;
      const [left, right] = [this.x(span.start), this.x(span.end ?? this.duration)];
      const y = CHART.top + span.lane * CHART.lane;
      context.strokeStyle = page.mark;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(left + 0.5, y + 10);
      context.lineTo(left + 0.5, y + 0.5);
      context.lineTo(right - 0.5, y + 0.5);
      if (span.end !== null) context.lineTo(right - 0.5, y + 10);
      context.stroke();
      context.fillStyle = page.ink;
      const name = clipped(context, span.name, right - left - 8);
      if (name) context.fillText(name, left + 5, y + 8);
    }
  }

  paintMarks(context, page) {
    let free = 0;
    for (const mark of this.timelines.at(-1).marks) {
      const x = this.x(mark.time);
      this.paintLine(context, mark.time, page.mark, [4, 3], CHART.top + (this.lanes - 1) * CHART.lane + 1);
      const top = CHART.top + (this.lanes - 1) * CHART.lane + 8;
      const name = clipped(context, mark.name, 120);
      const width = context.measureText(name).width;
      const left = x + 4 + width > this.width - CHART.right ? x - 4 - width : x + 4;
      if (left < free) continue;
      context.fillStyle = page.mark;
      context.fillText(name, left, top);
      free = left + width + 8;
    }
  }

  paintMoment(context, page, { time, label }) {
    const curve = this.timelines.at(-1).series.find((candidate) => candidate.quantity === "heap");
    if (!curve || !curve.time.length) return;
    const [x, y] = [this.x(time), this.y(valueAt(curve, time))];
    context.beginPath();
    context.arc(x, y, 4, 0, 2 * Math.PI);
    context.fillStyle = page.ground;
    context.fill();
    context.strokeStyle = page.curves.heap;
    context.lineWidth = 2;
    context.stroke();
    const width = context.measureText(label).width;
    context.fillStyle = page.ink;
    context.fillText(label, x + 8 + width > this.width - CHART.right ? x - 8 - width : x + 8, Math.max(y - 2, 8));
  }

  paintLine(context, time, colour, dash, top = CHART.top + this.lanes * CHART.lane) {
    const x = Math.round(this.x(time)) + 0.5;
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(x, top);
    context.lineTo(x, this.height - CHART.bottom);
    context.stroke();
    context.setLineDash([]);
  }
}

// Gives each span the first lane that is free from its start on.
function lanesOf(spans, duration) {
  const ends = [];
  return [...spans]
    .sort((a, b) => a.start - b.start || (b.end ?? duration) - (a.end ?? duration))
    .map((span) => {
      let lane = ends.findIndex((end) => end <= span.start);
      if (lane < 0) lane = ends.length;
      ends[lane] = span.end ?? duration;
      return { ...span, lane };
    });
}

function clipped(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  for (let length = Math.min(text.length - 1, 60); length > 1; length -= 1) {
    const shorter = `${text.slice(0, length)}…`;
    if (context.measureText(shorter).width <= room) return shorter;
  }
  return "";
}
