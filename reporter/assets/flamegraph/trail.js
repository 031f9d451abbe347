// The way from everything down to the zoomed box, each step a button.

const TRAIL_STEPS = 6;

function showTrail(box, model, zoom) {
  const { tree, labels, zoomed } = model;
  const path = [0, ...tree.path(zoomed)];
  const step = (node) => {
    const here = node === zoomed;
    const name = node === 0 ? "All" : labels.name(tree.label[node]);
    const properties = { type: "button", class: "link", text: name, title: labels.shortPlace(tree.label[node]), on: { click: () => zoom(node) } };
    if (here) properties["aria-current"] = "true";
    return element("li", {}, element("button", properties));
  };
  if (path.length <= TRAIL_STEPS + 1) {
    fill(box, ...path.map(step));
    return;
  }
  const left = path.length - TRAIL_STEPS;
  fill(box, step(0), element("li", { class: "quiet", text: `${left} more` }), ...path.slice(-TRAIL_STEPS + 1).map(step));
}
