// From the text of the page's data block to bytes, numbers and texts.

function bytesOfBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const value = new Uint8Array(128);
  for (let index = 0; index < 64; index += 1) value[alphabet.charCodeAt(index)] = index;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let from = 0, to = 0; from < text.length; from += 4) {
    const word =
      (value[text.charCodeAt(from)] << 18) |
      (value[text.charCodeAt(from + 1)] << 12) |
      (value[text.charCodeAt(from + 2)] << 6) |
      value[text.charCodeAt(from + 3)];
    bytes[to++] = word >> 16;
    bytes[to++] = word >> 8;
    bytes[to++] = word;
  }
  return bytes;
}

// Where reading of a packed block has come to. An object, as Chromium 148 miscompiles loops over variables that a function
// within changes: with such a one, blocks were "damaged" that were not.
class PackedBlock {
  constructor(packed) {
    this.packed = packed;
    this.position = 0;
  }

  byte() {
    return this.packed[this.position++];
  }

  // A length of which four bits are in the token: 15 says that bytes follow which are added, up to one that is not 255.
  length(bits) {
    let sum = bits;
    let more = bits === 15 ? 255 : 0;
    while (more === 255) {
      more = this.byte();
      sum += more;
    }
    return sum;
  }
}

// One LZ4 block: literals, then a copy of what was written `distance` bytes before, and so on.
function bytesOfLz4(packed, length) {
  const block = new PackedBlock(packed);
  const bytes = new Uint8Array(length);
  let to = 0;
  while (block.position < packed.length) {
    const token = block.byte();
    const literals = block.length(token >> 4);
    if (to + literals > length) throw new Error("the data is damaged");
    const end = block.position + literals;
    for (let from = block.position; from < end; from += 1, to += 1) bytes[to] = packed[from];
    block.position = end;
    if (end >= packed.length) break;
    const distance = block.byte() | (block.byte() << 8);
    const copied = block.length(token & 15) + 4;
    if (distance === 0 || distance > to || to + copied > length) throw new Error("the data is damaged");
    for (const stop = to + copied; to < stop; to += 1) bytes[to] = bytes[to - distance];
  }
  if (to !== length) throw new Error("the data is cut short");
  return bytes;
}

// Reads numbers (LEB128) and columns of them from bytes, one after the other.
class ColumnReader {
  constructor(bytes) {
    this.bytes = bytes;
    this.position = 0;
  }

  number() {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.bytes[this.position++];
      if (byte === undefined) throw new Error("the data is cut short");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  }

  column(length, Kind = Int32Array) {
    const values = new Kind(length);
    const { bytes } = this;
    for (let index = 0; index < length; index += 1) {
      const byte = bytes[this.position];
      if (byte < 128) {
        values[index] = byte;
        this.position += 1;
      } else {
        values[index] = this.number();
      }
    }
    return values;
  }

  // A column stored as differences that are never negative.
  rising(length, Kind = Int32Array) {
    const values = this.column(length, Kind);
    for (let index = 1; index < length; index += 1) values[index] += values[index - 1];
    return values;
  }

  // A column stored as signed differences.
  drifting(length) {
    const values = this.column(length, Float64Array);
    let last = 0;
    for (let index = 0; index < length; index += 1) {
      const folded = values[index];
      last += folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
      values[index] = last;
    }
    return values;
  }

  text(length = this.number()) {
    const end = this.position + length;
    const text = ColumnReader.decoder.decode(this.bytes.subarray(this.position, end));
    this.position = end;
    return text;
  }

  texts() {
    const lengths = this.column(this.number());
    return Array.from(lengths, (length) => visible(this.text(length)));
  }
}
ColumnReader.decoder = new TextDecoder();

// Control characters and changes of writing direction would garble the text around them: they are shown as a dot.
function visible(text) {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "·");
}
