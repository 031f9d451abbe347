// The text of a terminal, with its styles, as `tmux capture-pane -e` gives it, as an SVG.

const COLOURS = { 31: "#e06c75", 32: "#98c379", 33: "#e5c07b", 34: "#61afef", 35: "#c678dd", 36: "#56b6c2", 39: null };

// What a terminal shows, as an image: a line of text for each of its lines, a run of letters for each style.
export function terminalPicture(text) {
  const [letter, line, edge] = [8.4, 18, 12];
  const lines = text.replace(/\n+$/, "").split("\n");
  const shapes = [];
  let widest = 0;
  const style = { bold: false, dim: false, reversed: false, colour: null };
  lines.forEach((content, number) => {
    let column = 0;
    for (const part of content.split(/(\x1b\[[0-9;]*m|\x1b[()][A-Z0-9]|[\x0e\x0f])/)) {
      const codes = /^\x1b\[([0-9;]*)m$/.exec(part);
      if (codes) codes[1].replace(/38;5;([0-7])\b/, "3$1").split(";").forEach((code) => apply(style, Number(code)));
      if (codes || part === "" || /^[\x1b\x0e\x0f]/.test(part)) continue;
      const width = [...part].length;
      const x = (edge + column * letter).toFixed(1);
      const top = edge + number * line;
      const size = (width * letter).toFixed(1);
      if (style.reversed) shapes.push(`<rect x="${x}" y="${top}" width="${size}" height="${line}" fill="#d7dae0"/>`);
      const colour = style.reversed ? "#1d2127" : (style.colour ?? (style.dim ? "#8b939f" : "#d7dae0"));
      const weight = style.bold ? ' font-weight="700"' : "";
      // each letter has its column, whatever font the reader has
      if (part.trim()) shapes.push(`<text x="${x}" y="${top + 13}" textLength="${size}" fill="${colour}"${weight}>${escaped(part).replaceAll(" ", "\u00a0")}</text>`);
      column += width;
      widest = Math.max(widest, column);
    }
  });
  const [width, height] = [Math.ceil(2 * edge + widest * letter), 2 * edge + lines.length * line];
  const font = 'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" style="white-space: pre"';
  const ground = `<rect width="${width}" height="${height}" rx="8" fill="#1d2127"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ${font}>\n${ground}\n${shapes.join("\n")}\n</svg>\n`;
}

function apply(style, code) {
  if (code === 0) Object.assign(style, { bold: false, dim: false, reversed: false, colour: null });
  else if (code === 1) style.bold = true;
  else if (code === 2) style.dim = true;
  else if (code === 7) style.reversed = true;
  else if (code === 22) Object.assign(style, { bold: false, dim: false });
  else if (code === 27) style.reversed = false;
  else if (code in COLOURS) style.colour = COLOURS[code];
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
