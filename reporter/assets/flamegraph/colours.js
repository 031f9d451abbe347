// Colours of the boxes and curves, for a light and a dark page. What runs is told by hue (the user's own code is warm, all else is
// cool and quiet), files by small steps of lightness.

// hue, saturation, lightness on a light page; saturation, lightness on a dark one.
const KIND_COLOURS = {
  own: [37, 86, 71, 58, 36],
  library: [206, 52, 79, 38, 33],
  standard: [218, 20, 83, 14, 31],
  native: [152, 32, 77, 28, 28],
  import: [268, 20, 86, 12, 30],
  internal: [220, 4, 86, 3, 28],
  thread: [250, 46, 87, 24, 36],
  process: [232, 46, 84, 26, 38],
  type: [332, 52, 85, 30, 36],
  special: [220, 12, 90, 8, 25],
};

const PAGE_COLOURS = {
  light: {
    ink: "#1d2329",
    quietInk: "rgba(29, 35, 41, 0.62)",
    strongInk: "#ffffff",
    ground: "#ffffff",
    line: "#dde2e7",
    found: "#d86fd0",
    foundInk: "#2b0b29",
    rest: "#d9dee4",
    focus: "#12161a",
    neutral: [230, 233, 237],
    grown: [205, 68, 28],
    shrunk: [36, 98, 172],
    curves: { heap: "#c26a12", resident: "#4a7ba6", mapped: "#7f8b97" },
    area: "rgba(226, 146, 55, 0.20)",
    selection: "rgba(38, 98, 176, 0.14)",
    selectionEdge: "#2662b0",
    mark: "#7a4fb5",
  },
  dark: {
    ink: "#eceff2",
    quietInk: "rgba(236, 239, 242, 0.62)",
    strongInk: "#ffffff",
    ground: "#181b1f",
    line: "#343a41",
    found: "#9c3f95",
    foundInk: "#ffe9fd",
    rest: "#363c43",
    focus: "#ffffff",
    neutral: [58, 63, 69],
    grown: [214, 84, 44],
    shrunk: [62, 126, 204],
    curves: { heap: "#e8a04b", resident: "#7fb0da", mapped: "#8d98a4" },
    area: "rgba(232, 160, 75, 0.17)",
    selection: "rgba(110, 165, 235, 0.18)",
    selectionEdge: "#7fb0ea",
    mark: "#b99be6",
  },
};

class Colours {
  constructor(labels, theme) {
    this.labels = labels;
    this.theme = theme;
    this.page = PAGE_COLOURS[theme];
    this.ofFile = new Map();
  }

  ofLabel(label) {
    const kind = this.labels.kind(label);
    const file = this.labels.file(label);
    const key = `${kind}\n${file}`;
    let colour = this.ofFile.get(key);
    if (!colour) {
      const [hue, lightSaturation, lightness, darkSaturation, darkness] = KIND_COLOURS[kind];
      const dark = this.theme === "dark";
      const step = (hashOf(file) % 7) - 3;
      const bent = hue + ((hashOf(file) >> 4) % 5) * 2 - 4;
      const level = dark ? darkness + step * 1.3 : lightness + step * 1.4;
      colour = `hsl(${bent} ${dark ? darkSaturation : lightSaturation}% ${level}%)`;
      this.ofFile.set(key, colour);
    }
    return colour;
  }

  // From blue (all of it was lost) over grey (nothing changed) to orange-red (all of it is new); `share` is from -1 to 1.
  ofChange(share) {
    const strength = Math.sqrt(Math.min(Math.abs(share), 1));
    const target = share > 0 ? this.page.grown : this.page.shrunk;
    const mixed = this.page.neutral.map((value, index) => Math.round(value + (target[index] - value) * strength));
    return `rgb(${mixed.join(" ")})`;
  }
}

function hashOf(text) {
  let hash = 7;
  for (let index = 0; index < text.length; index += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) >>> 0;
  return hash;
}
