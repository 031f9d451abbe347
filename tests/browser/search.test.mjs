// Finding, and showing only what was found.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { boxPosition, browser, colourAt, open, option, row } from "./browser.mjs";

after(() => browser.close());

const FOUND = {
  parse: "5.6 KiB, 57.0 %",
  PARSE: "5.6 KiB, 57.0 %",
  "file:tree.py": "800 B, 8.0 %",
  "loader.py:21": "1000 B, 10.0 %",
  "module:json": "5.6 KiB, 57.0 %",
  "type:dict": "4.6 KiB, 47.0 %",
  "type:\"list\"": "1000 B, 10.0 %",
  "thread:loader": "700 B, 7.0 %",
  "process:worker": "300 B, 3.0 %",
  "function:walk": "800 B, 8.0 %",
  "function:tree.py": "nothing found",
  "/^array_|^node/": "3.7 KiB, 38.0 %",
  "/(/": "not a regular expression",
  "<module>": "9.8 KiB, 100 %",
  zebra: "nothing found",
};

test("the total of what is found, by every field", async () => {
  const page = await open("small");
  for (const [query, total] of Object.entries(FOUND)) {
    await page.locator("#search").fill(query);
    assert.equal(await page.locator("#total").innerText(), total, query);
  }
  await page.locator("#search").fill("");
  assert.equal(await page.locator("#total").innerText(), "");
  assert.deepEqual(page.problems, []);
});

test("in blocks", async () => {
  const page = await open("small", { hash: "#metric=blocks&search=walk" });
  assert.equal(await page.locator("#total").innerText(), "8 blocks, 11.3 %");
});

test("what is hidden is not found", async () => {
  const page = await open("small", { hash: "#search=_find_and_load" });
  assert.equal(await page.locator("#total").innerText(), "nothing found");
  await option(page, "imports", true);
  assert.equal(await page.locator("#total").innerText(), "500 B, 5.0 %");
});

test("found boxes stand out", async () => {
  const page = await open("small");
  const at = async (name) => {
    const { x, y } = await boxPosition(page, name);
    return colourAt(page, "#graph", { x: x + 40, y: y + 7 });
  };
  const before = await at("array_new");
  await page.locator("#search").fill("array_new");
  assert.deepEqual(await at("array_new"), [0xd8, 0x6f, 0xd0]);
  assert.notDeepEqual(before, [0xd8, 0x6f, 0xd0]);
});

test("only matches", async () => {
  const page = await open("small");
  await page.locator("#search").fill("type:dict");
  await page.locator("#only").check();
  assert.deepEqual(await row(page, 0), ["(all) 4700"]);
  assert.deepEqual(await row(page, 2), ["load 4700"]);
  await page.locator("#search").fill("zebra");
  assert.equal(await page.locator("#nothing").innerText(), "Nothing here matches “zebra”.");
  await page.locator("#search").press("Escape");
  assert.deepEqual(await row(page, 0), ["(all) 10000"]);
  assert.equal(await page.locator("#search").inputValue(), "");
});

test("the panel finds a function everywhere", async () => {
  const page = await open("small");
  await page.keyboard.press("/");
  await page.keyboard.type("nothing");
  await page.keyboard.press("Escape");
  await page.locator("#panel .bars button").first().click();
  assert.equal(await page.locator("#search").inputValue(), 'file:"decoder.py:337"');
  assert.equal(await page.locator("#total").innerText(), "5.6 KiB, 57.0 %");
});
