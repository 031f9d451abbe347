// Ranges of the time line: what was allocated in them, computed in the page.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { browser, fragment, open, row, timePosition } from "./browser.mjs";

after(() => browser.close());

async function drag(page, from, to) {
  const start = await timePosition(page, from);
  const end = await timePosition(page, to);
  await page.mouse.move(start.x, start.y);
  await page.mouse.down();
  await page.mouse.move((start.x + end.x) / 2, start.y, { steps: 3 });
  await page.mouse.move(end.x, end.y);
  await page.mouse.up();
}

test("a dragged range shows what was allocated in it and lives at its end", async () => {
  const page = await open("small");
  await drag(page, 2.1, 4.9);
  assert.equal(await fragment(page), "#range=2-5");
  assert.deepEqual(await row(page, 0), ["(all) 1500"]);
  assert.deepEqual(await row(page, 2), ["Node.walk 800", "load 700"]);
  assert.match(await page.locator("#panel").innerText(), /Allocated since 2\.00 s and alive at 5\.00 s\./);
  assert.equal(await page.locator("#from").inputValue(), "2");
  assert.equal(await page.locator("#to").inputValue(), "5");
  await page.goBack();
  assert.deepEqual(await row(page, 0), ["(all) 10000"]);
});

test("a range at its own high water, and all that was allocated in it", async () => {
  const page = await open("small", { hash: "#range=2-5" });
  await page.locator("#mode").selectOption("high");
  assert.deepEqual(await row(page, 0), ["(all) 3700"]);
  assert.match(await page.locator("#panel").innerText(), /when there was most of it, at 4\.00 s/);
  await page.locator("#mode").selectOption("all");
  assert.deepEqual(await row(page, 0), ["(all) 4500"]);
  await page.locator("#clear").click();
  assert.deepEqual(await row(page, 0), ["(all) 10000"]);
});

test("a click shows everything alive at that moment", async () => {
  const page = await open("small");
  const { x, y } = await timePosition(page, 6.5);
  await page.mouse.click(x, y);
  assert.deepEqual(await row(page, 0), ["(all) 10000"]);
  assert.equal(await fragment(page), "#range=0-7");
  const early = await timePosition(page, 0.5);
  await page.mouse.click(early.x, early.y);
  assert.deepEqual(await row(page, 0), ["(all) 500"]);
});

test("times can be typed, and keys move the ends", async () => {
  const page = await open("small");
  await page.locator("#from").fill("2");
  await page.locator("#from").press("Tab");
  await page.locator("#to").fill("4");
  await page.locator("#to").press("Enter");
  assert.equal(await fragment(page), "#range=2-4");
  assert.deepEqual(await row(page, 0), ["(all) 3700"]);
  await page.locator("#chart").focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await fragment(page), "#range=2-5");
  await page.keyboard.press("Shift+ArrowLeft");
  assert.equal(await fragment(page), "#range=1-5");
  await page.keyboard.press("Escape");
  assert.equal(await fragment(page), "");
});

test("a view ends the range", async () => {
  const page = await open("small", { hash: "#range=2-5" });
  await page.locator("#views button", { hasText: "Leaks" }).click();
  assert.deepEqual(await row(page, 0), ["(all) 1200"]);
  assert.equal(await page.locator("#clear").isVisible(), false);
});

test("the legend reads the values at the pointer", async () => {
  const page = await open("small");
  assert.match(await page.locator("#legend").innerText(), /Heap\s*max 9\.8 KiB/);
  const { x, y } = await timePosition(page, 4.5);
  await page.mouse.move(x, y);
  const text = await page.locator("#legend").innerText();
  assert.match(text, /Heap\s*8\.8 KiB/);
  assert.match(text, /RSS\s*14\.6 KiB/);
  assert.match(text, /Mapped files\s*2\.0 KiB/);
});

test("spans and marks have their places", async () => {
  const page = await open("small");
  const spans = await page.evaluate(() => memprof.chart.spans.map(({ name, start, end, lane }) => ({ name, start, end, lane })));
  assert.deepEqual(spans, [
    { name: "load", start: 1, end: 5, lane: 0 },
    { name: "serve", start: 5, end: null, lane: 0 },
  ]);
});

test("search and range work together", async () => {
  const page = await open("small", { hash: "#range=2-5&search=walk" });
  assert.equal(await page.locator("#total").innerText(), "800 B, 53.3 %");
});
