// Reads the curves' values out where the pointer is; arrow keys move it, too.

const chart = document.getElementById("chart");
const pointer = document.getElementById("pointer");
const values = document.getElementById("values");
const curves = JSON.parse(document.getElementById("curves").textContent);
const place = Object.fromEntries(Object.entries(chart.dataset).map(([key, value]) => [key, Number(value)]));
let time = null;

function show(seconds) {
  time = Math.min(Math.max(seconds, 0), place.duration);
  const x = place.left + (time / place.duration) * (place.right - place.left);
  pointer.setAttribute("d", `M${x.toFixed(1)} ${place.top}V${place.bottom}`);
  pointer.setAttribute("visibility", "visible");
  const read = curves.map((curve) => `${curve.name} ${formatBytes(valueAt(curve, time))}`);
  values.textContent = `At ${formatTime(time)}: ${read.join(" · ")}`;
}

chart.addEventListener("pointermove", (event) => {
  const area = chart.getBoundingClientRect();
  const x = ((event.clientX - area.left) / area.width) * chart.viewBox.baseVal.width;
  if (x >= place.left - 4 && x <= place.right + 4) show(((x - place.left) / (place.right - place.left)) * place.duration);
});
chart.addEventListener("pointerleave", () => pointer.setAttribute("visibility", "hidden"));
chart.parentElement.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  event.preventDefault();
  show((time ?? 0) + (step * place.duration) / 100);
});
new Theme(document.getElementById("theme"), () => {});
