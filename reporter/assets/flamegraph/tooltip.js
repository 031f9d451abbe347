// The small note beside the pointer.

class Tooltip {
  constructor(box) {
    this.box = box;
    this.size = null;
  }

  show(model, node, x, y) {
    const { tree, labels } = model;
    if (node < 0) {
      fill(this.box, element("div", { class: "quiet", text: "Boxes too narrow to be drawn. Click to zoom in." }));
    } else {
      const label = tree.label[node];
      const place = labels.place(label);
      const source = labels.source(label).trim();
      const before = describeBefore(tree, node);
      fill(
        this.box,
        element("div", { class: "name", text: labels.name(label) }),
        place && element("div", { class: "quiet", text: place }),
        source && element("code", { text: source }),
        element("div", { class: "amount", text: describeAmount(tree, node) }),
        before && element("div", { class: "quiet", text: before }),
      );
    }
    this.box.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = this.box;
    const left = Math.min(x + 14, innerWidth - width - 8);
    const top = y + 18 + height > innerHeight ? y - height - 12 : y + 18;
    this.box.style.transform = `translate(${Math.max(left, 8)}px, ${Math.max(top, 8)}px)`;
  }

  hide() {
    this.box.hidden = true;
  }
}
