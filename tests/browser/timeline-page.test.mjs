// The page of `memprof timeline`, and its image.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { browser, open, openTimeline } from "./browser.mjs";

after(() => browser.close());

async function pointAt(page, share) {
  const area = await page.locator("#chart").boundingBox();
  const place = await page.locator("#chart").evaluate((chart) => ({ ...chart.dataset, width: chart.viewBox.baseVal.width }));
  const x = Number(place.left) + share * (place.right - place.left);
  await page.mouse.move(area.x + (x / place.width) * area.width, area.y + area.height / 2);
}

test("the values under the pointer are read out", async () => {
  const page = await openTimeline("timeline-small");
  await pointAt(page, 0.45);
  assert.equal(await page.locator("#values").innerText(), "At 4.50 s: Heap 8.8 KiB · RSS 14.6 KiB · Mapped files 2.0 KiB");
  assert.deepEqual(page.problems, []);
});

test("arrow keys move the pointer", async () => {
  const page = await openTimeline("timeline-small");
  await page.locator(".scroller").focus();
  for (let step = 0; step < 35; step += 1) await page.keyboard.press("ArrowRight");
  assert.match(await page.locator("#values").innerText(), /^At 3\.50 s: Heap 7\.3 KiB/);
});

test("peak, slope, spans and marks are written", async () => {
  const page = await openTimeline("timeline-small");
  const text = (await page.locator("#chart text").allTextContents()).join("\n");
  for (const wanted of ["peak 9.8 KiB at 6.000 s", "load", "serve", "loaded", "Heap, at most 9.8 KiB, slope "]) {
    assert.ok(text.includes(wanted), `${wanted} in ${text}`);
  }
});

test("several recordings lie over one another", async () => {
  const page = await openTimeline("timeline-difference");
  await pointAt(page, 0.65);
  assert.equal(
    await page.locator("#values").innerText(),
    "At 6.50 s: before.bin: Heap 7.3 KiB · before.bin: RSS 11.7 KiB · after.bin: Heap 9.8 KiB · after.bin: RSS 15.6 KiB",
  );
});

test("light and dark", async () => {
  const page = await openTimeline("timeline-small");
  const ground = () => page.locator("#chart .ground").evaluate((shape) => getComputedStyle(shape).fill);
  assert.equal(await ground(), "rgb(255, 255, 255)");
  await page.locator("#theme").click();
  assert.equal(await ground(), "rgb(24, 27, 31)");
});

test("hostile names run no script, and nothing is wider than a narrow screen", async () => {
  const page = await openTimeline("timeline-hostile", { width: 360 });
  await pointAt(page, 0.2);
  assert.equal(await page.evaluate(() => window.broken), undefined);
  assert.equal(await page.evaluate(() => document.querySelectorAll("body img, body svg svg").length), 0);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
  assert.deepEqual(page.problems, []);
});

test("the image stands alone", async () => {
  const page = await open("timeline-image", { file: `${process.env.PAGES}/timeline-small.svg`, ready: "svg" });
  assert.equal(await page.evaluate(() => document.documentElement.tagName), "svg");
  assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector(".ground")).fill), "rgb(255, 255, 255)");
  const dark = await open("timeline-image", { file: `${process.env.PAGES}/timeline-small.svg`, ready: "svg", scheme: "dark" });
  assert.equal(await dark.evaluate(() => getComputedStyle(document.querySelector(".ground")).fill), "rgb(24, 27, 31)");
  assert.deepEqual(page.problems, []);
});
