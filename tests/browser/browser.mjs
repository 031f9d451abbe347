// Opens pages in a headless Chromium and asks them what they show.
//
// PAGES: the folder of the made-up pages; CHROMIUM: the browser's executable.

import { chromium } from "playwright-core";

const FOLDER = process.env.PAGES;
const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";

export const browser = await chromium.launch({
  executablePath: EXECUTABLE,
  // speedscope draws by WebGL: where there is no graphics card, SwiftShader draws for it
  args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--force-color-profile=srgb"],
});

// A page of the folder, ready to be used. `problems` gathers everything that it should not do: errors, warnings of the console,
// dialogs, requests.
export async function open(name, { hash = "", width = 1280, height = 900, scheme = "light", file, ready = READY, ...more } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, ...more });
  const page = await context.newPage();
  const address = `file://${file ?? `${FOLDER}/${name}.html`}`;
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(`error: ${error.message}`));
  page.on("console", (message) => page.problems.push(`console: ${message.text()}`));
  page.on("dialog", (dialog) => {
    page.problems.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    if (request.url().split("#")[0] !== address && !request.url().startsWith("data:")) page.problems.push(`request: ${request.url()}`);
  });
  await page.goto(address + hash);
  await page.waitForSelector(ready, { state: "attached" });
  return page;
}

const READY = "html[data-ready], #failed:not([hidden])";

export const openTimeline = (name, options = {}) => open(name, { ...options, ready: "html[data-theme]" });

// What the graph shows, row by row: { name, place, bytes, blocks, left, size } for each box that stands for one node.
export function rows(page) {
  return page.evaluate(() => {
    const { graph, model } = memprof;
    const { boxes } = graph;
    const shown = [];
    for (let row = 0; row < boxes.rows; row += 1) {
      const line = [];
      for (let box = boxes.rowStart[row]; box < boxes.rowStart[row + 1]; box += 1) {
        const node = boxes.node[box];
        if (node < 0) continue;
        line.push({
          name: model.labels.name(model.tree.label[node]),
          place: model.labels.shortPlace(model.tree.label[node]),
          bytes: model.tree.bytes[node],
          blocks: model.tree.blocks[node],
          left: boxes.left[box],
          size: boxes.size[box],
        });
      }
      shown.push(line);
    }
    return shown;
  });
}

// A row as "name bytes".
export async function row(page, number) {
  const shown = await rows(page);
  return (shown[number] ?? []).map((box) => `${box.name} ${box.bytes}`);
}

// Where a box is on the screen.
export async function boxPosition(page, name, turn = 0) {
  const place = await page.evaluate(
    ([wanted, wantedTurn]) => {
      const { graph, model } = memprof;
      const { boxes } = graph;
      let seen = 0;
      for (let row = 0; row < boxes.rows; row += 1) {
        for (let box = boxes.rowStart[row]; box < boxes.rowStart[row + 1]; box += 1) {
          const node = boxes.node[box];
          if (node < 0 || model.labels.name(model.tree.label[node]) !== wanted) continue;
          if (seen++ < wantedTurn) continue;
          const total = boxes.rows * graph.rowHeight;
          const line = graph.flame ? boxes.rows - 1 - row : row;
          const offset = graph.flame ? Math.max(graph.height - total, 0) : 0;
          return { x: boxes.left[box] + boxes.size[box] / 2, y: (line + 0.5) * graph.rowHeight + offset - graph.scroller.scrollTop };
        }
      }
      return null;
    },
    [name, turn],
  );
  if (!place) throw new Error(`no box is called ${name}`);
  const area = await page.locator("#graph").boundingBox();
  return { x: area.x + place.x, y: area.y + place.y };
}

export async function clickBox(page, name, turn = 0) {
  const { x, y } = await boxPosition(page, name, turn);
  await page.mouse.click(x, y);
}

// The colour of the canvas at a place of the screen, as [red, green, blue].
export async function colourAt(page, selector, { x, y }) {
  const area = await page.locator(selector).boundingBox();
  return page.evaluate(
    ([wanted, left, top]) => {
      const canvas = document.querySelector(wanted);
      const density = canvas.width / canvas.clientWidth;
      return [...canvas.getContext("2d").getImageData(left * density, top * density, 1, 1).data.slice(0, 3)];
    },
    [selector, x - area.x, y - area.y],
  );
}

// Where a time is on the time line.
export async function timePosition(page, seconds) {
  const area = await page.locator("#chart").boundingBox();
  const x = await page.evaluate((time) => memprof.chart.x(time), seconds);
  return { x: area.x + x, y: area.y + area.height - 40 };
}

export async function option(page, id, checked) {
  await page.locator("#options summary").click();
  await page.locator(`#${id}`).setChecked(checked);
  await page.locator("#options summary").click();
}

export const trail = (page) => page.locator("#trail li").allInnerTexts();
export const fragment = (page) => page.evaluate(() => location.hash);
