// What the controls change: views, measure, shape, groups, what is hidden.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { boxPosition, browser, clickBox, colourAt, fragment, open, option, row, rows, trail } from "./browser.mjs";

after(() => browser.close());

test("each view shows its own memory", async () => {
  const page = await open("small");
  const totals = { Leaks: 1200, Temporary: 2500, "All allocated": 15500, Peak: 10000 };
  for (const [name, bytes] of Object.entries(totals)) {
    await page.locator("#views button", { hasText: name }).click();
    assert.deepEqual(await row(page, 0), [`(all) ${bytes}`]);
    assert.equal(await page.locator("#views [aria-pressed=true]").innerText(), name);
  }
});

test("blocks instead of bytes", async () => {
  const page = await open("small");
  await page.locator("#metric button", { hasText: "Blocks" }).click();
  const shown = await rows(page);
  assert.equal(shown[0][0].blocks, 71);
  assert.deepEqual(
    shown[2].map((box) => `${box.name} ${box.blocks}`),
    ["load 47", "load 10", "Node.walk 8", "<module> 5", "array_new 1"],
  );
  assert.ok(Math.abs(shown[2][0].size / shown[0][0].size - 47 / 71) < 1e-9);
  await page.keyboard.press("b");
  assert.deepEqual((await row(page, 2))[0], "load 4700");
});

test("import machinery and interpreter internals appear when asked for, and no byte is lost", async () => {
  const page = await open("small");
  await option(page, "imports", true);
  assert.ok((await row(page, 2)).includes("_find_and_load 500"));
  await option(page, "internals", true);
  assert.ok((await row(page, 2)).includes("_PyEval_EvalFrameDefault 3000"));
  assert.deepEqual(await row(page, 0), ["(all) 10000"]);
  await option(page, "imports", false);
  assert.ok(!(await row(page, 2)).includes("_find_and_load 500"));
});

test("recursion collapses into one box", async () => {
  const page = await open("small");
  const walks = async () => (await rows(page)).flat().filter((box) => box.name === "Node.walk").map((box) => box.bytes);
  assert.deepEqual(await walks(), [800, 800, 500]);
  await option(page, "fold", true);
  assert.deepEqual(await walks(), [800]);
  assert.deepEqual(await row(page, 0), ["(all) 10000"]);
});

test("the lines of a function join", async () => {
  const page = await open("small");
  await option(page, "lines", false);
  assert.deepEqual(await row(page, 2), ["load 5700", "array_new 3000", "Node.walk 800", "<module> 500"]);
  assert.deepEqual((await row(page, 3))[0], "parse 5700");
});

test("flames stand on their feet", async () => {
  const page = await open("small");
  const icicle = await boxPosition(page, "parse");
  await page.locator("body").press("f");
  const all = await boxPosition(page, "(all)");
  const parse = await boxPosition(page, "parse");
  assert.ok(parse.y < all.y && icicle.y < all.y);
  await clickBox(page, "parse");
  assert.equal((await trail(page)).at(-1), "parse");
});

test("inverted: allocating functions first, their callers below", async () => {
  const page = await open("small");
  await page.locator("#invert").click();
  assert.deepEqual(await row(page, 1), ["parse 5700", "array_new 3000", "Node.walk 800", "<module> 500"]);
  assert.deepEqual((await row(page, 2)).slice(0, 3), ["load 4700", "load 1000", "<module> 3000"]);
  await clickBox(page, "parse");
  assert.deepEqual(await trail(page), ["All", "parse"]);
  assert.match(await page.locator("#panel").innerText(), /Types made here\s+dict\s+4\.6 KiB\s+list\s+1000 B/);
  const again = await open("small", { hash: await fragment(page) });
  assert.deepEqual(await trail(again), ["All", "parse"]);
});

test("by thread and by process", async () => {
  const page = await open("small");
  await page.locator("#options summary").click();
  await page.locator("#group").selectOption("thread");
  assert.deepEqual(await row(page, 1), ["MainThread (100) 9000", "loader-1 (102) 700", "MainThread (101) 300"]);
  await page.locator("#group").selectOption("process");
  assert.deepEqual(await row(page, 1), ["shop.py (100) 9700", "worker.py (101) 300"]);
  await page.keyboard.press("Escape");
  await page.locator("#invert").click();
  assert.deepEqual(await row(page, 1), ["shop.py (100) 9700", "worker.py (101) 300"]);
  assert.deepEqual((await row(page, 2))[0], "parse 5700");
});

test("types at the leaves", async () => {
  const page = await open("small");
  await option(page, "types", true);
  assert.deepEqual((await row(page, 4)).slice(0, 2), ["dict 4700", "list 1000"]);
  await page.locator("#invert").click();
  assert.deepEqual(await row(page, 1), ["dict 4700", "numpy.ndarray 3000", "list 1000", "shop.tree.Node 800", "str 500"]);
  assert.deepEqual((await row(page, 2))[0], "parse 4700");
});

test("zoom survives a change of the shape", async () => {
  const page = await open("small");
  await clickBox(page, "load");
  await option(page, "lines", false);
  assert.deepEqual(await trail(page), ["All", "<module>", "load"]);
  await option(page, "types", true);
  assert.deepEqual(await trail(page), ["All", "<module>", "load"]);
});

test("light and dark, remembered", async () => {
  const page = await open("small");
  const ground = (where) => where.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const position = await boxPosition(page, "parse");
  const light = await colourAt(page, "#graph", { x: position.x + 60, y: position.y + 6 });
  assert.equal(await ground(page), "rgb(255, 255, 255)");
  await page.locator("#theme").click();
  assert.equal(await ground(page), "rgb(24, 27, 31)");
  const dark = await colourAt(page, "#graph", { x: position.x + 60, y: position.y + 6 });
  assert.ok(dark[0] < light[0] - 60, `${dark} is darker than ${light}`);
  assert.equal(await ground(await open("small", { scheme: "dark" })), "rgb(24, 27, 31)");
});

test("help opens by key and closes", async () => {
  const page = await open("small");
  await page.keyboard.press("?");
  assert.equal(await page.locator("#help").isVisible(), true);
  await page.locator("#help button").click();
  assert.equal(await page.locator("#help").isVisible(), false);
});
