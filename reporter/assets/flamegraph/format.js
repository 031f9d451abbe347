// Numbers as people read them.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

function formatBytes(bytes) {
  let size = Math.abs(bytes);
  let unit = 0;
  while (size >= 1023.5 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || size >= 99.95 ? 0 : 1;
  return `${bytes < 0 ? "−" : ""}${size.toFixed(digits)} ${UNITS[unit]}`;
}

const COUNTS = new Intl.NumberFormat("en");

function formatCount(count) {
  return count < 0 ? `−${COUNTS.format(-count)}` : COUNTS.format(count);
}

// Where a count must be short: 12.3 k.
function formatShortCount(count) {
  const size = Math.abs(count);
  const sign = count < 0 ? "−" : "";
  if (size < 10000) return sign + COUNTS.format(size);
  if (size < 1e6) return `${sign}${(size / 1e3).toFixed(size < 1e5 ? 1 : 0)} k`;
  return `${sign}${(size / 1e6).toFixed(size < 1e8 ? 1 : 0)} M`;
}

function formatPercent(share) {
  if (!Number.isFinite(share)) return "–";
  const percent = Math.abs(share) * 100;
  const sign = share < 0 ? "−" : "";
  if (percent > 0 && percent < 0.05) return `${sign}<0.1 %`;
  return `${sign}${percent.toFixed(percent >= 99.95 ? 0 : 1)} %`;
}

function formatTime(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// The recorder's time stamps (2026-03-21T14:05:09.123Z) as people write them.
function formatDate(stamp) {
  return stamp.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/, "$1 $2 UTC");
}

// With a plus where something grew.
function formatSigned(value, format) {
  return value > 0 ? `+${format(value)}` : format(value);
}

function plural(count, one, many = `${one}s`) {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function baseName(path) {
  return path.startsWith("<") ? path : path.slice(path.lastIndexOf("/") + 1);
}
