// Round numbers for the axes of the time line.

function roundStep(span, parts) {
  const rough = span / parts;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10;
  return step * power;
}

// Times at full seconds, minutes or hours.
function timeTicks(duration, parts) {
  if (!(duration > 0)) return [0];
  const minute = 60;
  const steps = [minute, 2 * minute, 5 * minute, 10 * minute, 30 * minute, 3600, 7200, 21600, 86400];
  const rough = duration / parts;
  const step = rough > 30 ? (steps.find((candidate) => candidate >= rough) ?? roundStep(duration, parts)) : roundStep(duration, parts);
  const ticks = [];
  for (let time = 0; time <= duration * 1.0001; time += step) ticks.push(time);
  return ticks;
}

// Sizes at round numbers of their unit.
function byteTicks(most, parts) {
  if (!(most > 0)) return [0];
  const unit = 1024 ** Math.max(Math.floor(Math.log2(most) / 10), 0);
  const step = roundStep(most / unit, parts) * unit;
  const ticks = [];
  for (let bytes = 0; bytes <= most; bytes += step) ticks.push(bytes);
  return ticks;
}

// A time on the axis: short, and in one unit all along.
function tickTime(seconds, duration) {
  if (duration < 1) return `${Math.round(seconds * 1e4) / 10} ms`;
  if (duration <= 180) return `${Math.round(seconds * 1000) / 1000} s`;
  const hours = Math.floor(seconds / 3600);
  const minutes = String(Math.floor((seconds % 3600) / 60)).padStart(hours ? 2 : 1, "0");
  const rest = String(Math.round(seconds % 60)).padStart(2, "0");
  return hours ? `${hours}:${minutes}:${rest}` : `${minutes}:${rest}`;
}
