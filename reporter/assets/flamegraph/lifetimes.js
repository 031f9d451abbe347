// What a range of the time line holds. Time is cut into buckets; "alive at the end of a bucket" is as exact as it gets.

// The bucket that a time belongs to.
function bucketAt(lifetimes, seconds) {
  const bucket = Math.floor(seconds / lifetimes.bucketSeconds + 1e-9);
  return Math.min(Math.max(bucket, 0), lifetimes.buckets - 1);
}

// First and last bucket of a range of times; an end that falls on a border does not open the next bucket.
function bucketsOf(lifetimes, [from, to]) {
  const first = bucketAt(lifetimes, from);
  const last = Math.ceil(to / lifetimes.bucketSeconds - 1e-9) - 1;
  return [first, Math.min(Math.max(last, first), lifetimes.buckets - 1)];
}

// Values of all cells for the memory that was allocated in the range. `mode`: "end" (still alive at its end), "high" (alive when
// there was most of it), "all" (whether freed or not).
function rangeValues(recording, range, mode) {
  const { lifetimes } = recording;
  const [first, last] = bucketsOf(lifetimes, range);
  const at = mode === "high" ? highWater(lifetimes, first, last) : last;
  const values = emptyValues(recording.cells.count);
  const { cell, born, lived, bytes, blocks } = lifetimes;
  for (let row = 0; row < cell.length; row += 1) {
    if (born[row] < first || born[row] > at) continue;
    const gone = lived[row] > 0 && born[row] + lived[row] - 1 <= at;
    if (gone && mode !== "all") continue;
    values.bytes[cell[row]] += bytes[row];
    values.blocks[cell[row]] += blocks[row];
  }
  values.at = (at + 1) * lifetimes.bucketSeconds;
  return values;
}

// The bucket at whose end most of what was allocated since `first` was alive.
function highWater(lifetimes, first, last) {
  const change = new Float64Array(lifetimes.buckets + 1);
  const { born, lived, bytes } = lifetimes;
  for (let row = 0; row < born.length; row += 1) {
    if (born[row] < first || born[row] > last) continue;
    change[born[row]] += bytes[row];
    if (lived[row] > 0) change[born[row] + lived[row] - 1] -= bytes[row];
  }
  let highest = first;
  let most = -1;
  let sum = 0;
  for (let bucket = first; bucket <= last; bucket += 1) {
    sum += change[bucket];
    if (sum > most) {
      most = sum;
      highest = bucket;
    }
  }
  return highest;
}
