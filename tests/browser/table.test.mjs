// The table of the same data, and the top list.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { browser, clickBox, open, option } from "./browser.mjs";

after(() => browser.close());

const lines = (page) =>
  page.locator(".rows tbody tr").evaluateAll((found) => found.map((line) => [...line.children].map((cell) => cell.textContent.trim()).join(" | ")));

test("functions with own and total", async () => {
  const page = await open("small", { hash: "#tab=table" });
  assert.deepEqual(await lines(page), [
    "parse | decoder.py | 5.6 KiB | 57.0 % | 5.6 KiB | 57.0 % | 57",
    "array_new | multiarray.so | 2.9 KiB | 30.0 % | 2.9 KiB | 30.0 % | 1",
    "Node.walk | tree.py | 800 B | 8.0 % | 800 B | 8.0 % | 8",
    "<module> | __init__.py | 500 B | 5.0 % | 500 B | 5.0 % | 5",
    "<module> | shop.py | 0 B | 0.0 % | 9.8 KiB | 100 % | 0",
    "load | loader.py | 0 B | 0.0 % | 5.6 KiB | 57.0 % | 0",
  ]);
});

test("columns sort, both ways", async () => {
  const page = await open("small", { hash: "#tab=table" });
  await page.locator("th[data-key=total] button").click();
  assert.match((await lines(page))[0], /^<module> \| shop\.py/);
  assert.equal(await page.locator("th[data-key=total]").getAttribute("aria-sort"), "descending");
  await page.locator("th[data-key=total] button").click();
  assert.match((await lines(page))[0], /^<module> \| __init__\.py/);
  await page.locator("th[data-key=name] button").click();
  assert.match((await lines(page))[0], /^<module>/);
  assert.equal(await page.locator("th[data-key=name]").getAttribute("aria-sort"), "ascending");
});

test("by line, file, module, type, thread and process", async () => {
  const page = await open("small", { hash: "#tab=table" });
  const expected = {
    line: "parse | decoder.py:337 | 5.6 KiB | 57.0 % | 5.6 KiB | 57.0 % | 57",
    file: "/usr/lib/python3.11/json/decoder.py | 5.6 KiB | 57.0 % | 5.6 KiB | 57.0 % | 57",
    module: "json.decoder | 5.6 KiB | 57.0 % | 5.6 KiB | 57.0 % | 57",
    type: "dict | 4.6 KiB | 47.0 % | 47",
    thread: "MainThread (100) | 8.8 KiB | 90.0 % | 61",
    process: "shop.py (100) | 9.5 KiB | 97.0 % | 68",
  };
  for (const [by, first] of Object.entries(expected)) {
    await page.locator("#by").selectOption(by);
    assert.equal((await lines(page))[0], first, by);
  }
  await page.locator("#by").selectOption("line");
  assert.ok((await lines(page)).some((line) => line.startsWith("load | loader.py:21 | 0 B | 0.0 % | 1000 B")));
});

test("the table is of the zoomed box, and of what is searched", async () => {
  const page = await open("small");
  await clickBox(page, "load");
  await page.keyboard.press("t");
  assert.deepEqual(await lines(page), [
    "parse | decoder.py | 4.6 KiB | 47.0 % | 4.6 KiB | 47.0 % | 47",
    "load | loader.py | 0 B | 0.0 % | 4.6 KiB | 47.0 % | 0",
  ]);
  await page.locator("#search").fill("pars");
  assert.equal((await lines(page)).length, 1);
});

test("types at the leaves belong to the code above them", async () => {
  const page = await open("small", { hash: "#tab=table" });
  const before = await lines(page);
  await option(page, "types", true);
  assert.deepEqual(await lines(page), before);
});

test("inverted, the same totals", async () => {
  const page = await open("small", { hash: "#tab=table" });
  const before = await lines(page);
  const inverted = await open("small", { hash: "#tab=table&inverted=yes" });
  assert.deepEqual(await lines(inverted), before);
});

test("a row is found in the graph", async () => {
  const page = await open("small", { hash: "#tab=table" });
  await page.locator(".rows tbody button", { hasText: "Node.walk" }).click();
  assert.equal(await page.locator("#graph").isVisible(), true);
  assert.equal(await page.locator("#total").innerText(), "800 B, 8.0 %");
});

test("blocks", async () => {
  const page = await open("small", { hash: "#tab=table&metric=blocks" });
  assert.equal((await lines(page))[0], "parse | decoder.py | 57 | 80.3 % | 57 | 80.3 % | 5.6 KiB");
});
