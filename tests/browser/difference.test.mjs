// The difference of two recordings.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { boxPosition, browser, clickBox, colourAt, open, row, rows } from "./browser.mjs";

after(() => browser.close());

// What a bytearray has beside its bytes.
const BESIDE = 100;

test("boxes are as wide as what changed, growth and loss added", async () => {
  const page = await open("difference");
  const shown = await rows(page);
  assert.deepEqual(await row(page, 0), ["(all) 1500"]);
  assert.deepEqual(await row(page, 2), ["load 2000", "Node.walk -500"]);
  assert.ok(Math.abs(shown[2][0].size / shown[0][0].size - 0.8) < 1e-9);
});

test("everything shows what did not change, too", async () => {
  const page = await open("difference");
  await page.locator("#width button", { hasText: "Everything" }).click();
  assert.deepEqual(await row(page, 2), ["load 2000", "array_new 0", "Node.walk -500"]);
  const shown = await rows(page);
  assert.ok(Math.abs(shown[2][0].size / shown[0][0].size - 4000 / 7600) < 1e-9);
});

test("growth is red, loss is blue, and both have a sign", async () => {
  const page = await open("difference", { hash: "#width=size" });
  const at = async (name) => {
    const { x, y } = await boxPosition(page, name);
    return colourAt(page, "#graph", { x: x - 20, y: y + 8 });
  };
  const [grown, shrunk, same] = [await at("load"), await at("Node.walk"), await at("array_new")];
  assert.ok(grown[0] > grown[2] + 60, `${grown} is red`);
  assert.ok(shrunk[2] > shrunk[0] + 60, `${shrunk} is blue`);
  assert.ok(Math.abs(same[0] - same[2]) < 20, `${same} is grey`);
  await page.mouse.move(...Object.values(await boxPosition(page, "Node.walk")));
  assert.match(await page.locator("#tooltip").innerText(), /−500 B · −5 blocks\s+600 B before, 100 B after/);
});

test("panel and table tell before and after", async () => {
  const page = await open("difference");
  await clickBox(page, "load");
  const text = await page.locator("#panel").innerText();
  assert.match(text, /Total\s+\+2\.0 KiB\s+\+20/);
  assert.match(text, /Before\s+2\.0 KiB\s+20/);
  assert.match(text, /After\s+3\.9 KiB\s+40/);
  const table = await open("difference", { hash: "#tab=table&sort=-total" });
  const lines = await table
    .locator(".rows tbody tr")
    .evaluateAll((found) => found.map((line) => [...line.children].map((cell) => cell.textContent.trim()).join(" | ")));
  assert.deepEqual(lines.slice(0, 2).sort(), [
    "load | loader.py | 0 B | +2.0 KiB | 2.0 KiB | 3.9 KiB",
    "parse | decoder.py | +2.0 KiB | +2.0 KiB | 2.0 KiB | 3.9 KiB",
  ]);
  assert.equal(lines.at(-1), "Node.walk | tree.py | −500 B | −500 B | 600 B | 100 B");
});

test("search sums the change", async () => {
  const page = await open("difference", { hash: "#search=walk" });
  assert.equal(await page.locator("#total").innerText(), "−500 B, −5 blocks");
});

test("inverted differences", async () => {
  const page = await open("difference", { hash: "#inverted=yes" });
  assert.deepEqual(await row(page, 1), ["parse 2000", "Node.walk -500"]);
});

test("lines that moved between two recordings are the same lines, told by where they are now", async () => {
  const page = await open("moved", { hash: "#width=size" });
  const boxes = (await rows(page)).flat().filter((box) => /^moved\.py/.test(box.place));
  const found = boxes.map((box) => `${box.name} ${box.place} ${box.bytes} ${box.blocks}`);
  assert.deepEqual(found.sort(), [
    "<module> moved.py:14 3000000 0",
    "load moved.py:10 3000000 0",
    "load moved.py:9 0 0",
  ]);
  await page.mouse.move(...Object.values(await boxPosition(page, "load")));
  assert.match(await page.locator("#tooltip").innerText(), /\+2\.9 MiB · 0 blocks\s+1\.9 MiB before, 4\.8 MiB after/);
  assert.deepEqual(page.problems, []);
});

test("the difference of two moments of one recording, as it comes from memprof itself", async () => {
  const page = await open("moments");
  const changes = new Map((await rows(page)).flat().map((box) => [box.name, box.bytes]));
  const near = (name, bytes) => assert.ok(Math.abs(changes.get(name) - bytes) < BESIDE, `${name}: ${changes.get(name)}`);
  near("comes", 2_000_000);
  near("goes", -3_000_000);
  assert.equal(changes.get("stays") ?? 0, 0);
  assert.deepEqual(page.problems, []);
});
