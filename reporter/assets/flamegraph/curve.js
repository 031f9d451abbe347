// The value of a curve at a time: that of the last point before it.
function valueAt(curve, time) {
  let low = 0;
  let high = curve.time.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (curve.time[middle] <= time + 1e-9) low = middle;
    else high = middle - 1;
  }
  return curve.bytes[low] ?? 0;
}
