// What the reader chose. All of it is in the address after the #, so that a link shows what one sees and the browser's back and
// forward work. Only what differs from the defaults is written.

const DEFAULT_STATE = {
  view: "",
  metric: "bytes",
  width: "change",
  search: "",
  only: false,
  imports: false,
  internals: false,
  lines: true,
  fold: false,
  flame: false,
  inverted: false,
  group: "none",
  types: false,
  zoom: "",
  range: "",
  mode: "end",
  tab: "graph",
  by: "function",
  sort: "-own",
};

const ALLOWED = {
  metric: ["bytes", "blocks"],
  width: ["change", "size"],
  group: ["none", "thread", "process"],
  mode: ["end", "high", "all"],
  tab: ["graph", "table"],
  by: ["function", "line", "file", "module", "type", "thread", "process"],
};

function writeFragment(state) {
  const parts = [];
  for (const [key, standard] of Object.entries(DEFAULT_STATE)) {
    const value = state[key];
    if (value === standard) continue;
    const text = typeof value === "boolean" ? (value ? "yes" : "no") : value;
    parts.push(`${key}=${encodeURIComponent(text)}`);
  }
  return parts.length ? `#${parts.join("&")}` : "";
}

// Anything in the fragment that is not understood falls back to the default.
function readFragment(fragment) {
  const state = { ...DEFAULT_STATE };
  for (const part of fragment.replace(/^#/, "").split("&")) {
    const cut = part.indexOf("=");
    const key = part.slice(0, Math.max(cut, 0));
    if (!Object.hasOwn(DEFAULT_STATE, key)) continue;
    let value;
    try {
      value = decodeURIComponent(part.slice(cut + 1));
    } catch {
      continue;
    }
    if (typeof DEFAULT_STATE[key] === "boolean") state[key] = value === "yes";
    else if (!ALLOWED[key] || ALLOWED[key].includes(value)) state[key] = value;
  }
  return state;
}

// "from-to" in seconds, or null.
function readRange(text) {
  const match = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(text);
  if (!match) return null;
  const [from, to] = [Number(match[1]), Number(match[2])];
  return from < to ? [from, to] : null;
}

function writeRange([from, to]) {
  const short = (seconds) => String(Math.round(seconds * 1e4) / 1e4);
  return `${short(from)}-${short(to)}`;
}

class History {
  constructor(changed) {
    this.changed = changed;
    this.state = readFragment(location.hash);
    addEventListener("popstate", () => this.reread());
    addEventListener("hashchange", () => this.reread());
  }

  reread() {
    const state = readFragment(location.hash);
    if (writeFragment(state) === writeFragment(this.state)) return;
    this.state = state;
    this.changed();
  }

  // Changes the state; as a new step of the browser's history unless told to `replace` the present one.
  go(changes, { replace = false } = {}) {
    this.state = { ...this.state, ...changes };
    const address = location.pathname + location.search + writeFragment(this.state);
    try {
      if (replace) history.replaceState(null, "", address);
      else history.pushState(null, "", address);
    } catch {
      // A browser may refuse this for files or when it happens too often; the page works without.
    }
    this.changed();
  }
}
