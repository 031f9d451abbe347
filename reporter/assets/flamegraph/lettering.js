// Texts that fit into boxes: widths are summed from measured characters, because measuring each text anew is too slow.

class Lettering {
  constructor(font) {
    this.font = font;
    this.widths = new Map();
    this.context = document.createElement("canvas").getContext("2d");
    this.context.font = font;
    this.ellipsis = this.width("…");
  }

  width(text) {
    let sum = 0;
    for (const character of text) sum += this.characterWidth(character);
    return sum;
  }

  characterWidth(character) {
    let width = this.widths.get(character);
    if (width === undefined) {
      width = this.context.measureText(character).width;
      this.widths.set(character, width);
    }
    return width;
  }

  // The text, or its beginning and an ellipsis; empty when not even two letters fit.
  fitted(text, room) {
    let sum = 0;
    let fits = 0;
    for (const character of text) {
      sum += this.characterWidth(character);
      if (sum <= room - this.ellipsis) fits += character.length;
      if (sum > room) return fits >= 2 ? `${text.slice(0, fits)}…` : "";
    }
    return text;
  }

  // A qualified name of Python or a type: when it does not fit, the last part matters most.
  fittedName(name, room) {
    const fitted = this.fitted(name, room);
    if (fitted === name || name.startsWith("(")) return fitted;
    const last = name.slice(name.lastIndexOf(".") + 1);
    return this.fitted(last || name, room);
  }
}
