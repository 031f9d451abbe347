// A recording of several processes, as it comes from memprof itself.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { boxPosition, browser, clickBox, open, rows, trail } from "./browser.mjs";

after(() => browser.close());

// What was alive of a recording of tests/programs/family.py when both workers had what they keep.
const KEPT = { inherited: 4_000_000, keeps_of_first: 3_000_000, keeps_of_second: 2_000_000 };
// What a bytearray has beside its bytes.
const BESIDE = 100;

const known = JSON.parse(await readFile(`${process.env.PAGES}/family.json`, "utf8")).processes.map((one) => one.process);

async function byProcess() {
  const page = await open("family");
  await page.locator("#options summary").click();
  await page.locator("#group").selectOption("process");
  await page.keyboard.press("Escape");
  return page;
}

test("each process is a box of its own, and all are the whole", async () => {
  const page = await byProcess();
  const [[all], processes] = await rows(page);
  assert.equal(known.length, 3);
  const pids = processes.map((box) => Number(/\((\d+)\)$/.exec(box.name)[1]));
  assert.deepEqual(pids.toSorted(), known.toSorted());
  assert.equal(processes.reduce((sum, box) => sum + box.bytes, 0), all.bytes);
  const kept = Object.values(KEPT).reduce((sum, bytes) => sum + bytes);
  assert.ok(all.bytes > kept && all.bytes < 2 * kept, `${all.bytes}`);
  assert.deepEqual(page.problems, []);
});

test("what was inherited is the parent's, and what a worker keeps its own", async () => {
  const page = await byProcess();
  const shown = await rows(page);
  const parent = shown[1].find((box) => box.name.endsWith(`(${known[0]})`));
  for (const [name, bytes] of Object.entries(KEPT)) {
    const found = shown.flat().filter((box) => box.name === name);
    assert.equal(found.length, 1, name);
    assert.ok(found[0].bytes >= bytes && found[0].bytes < bytes + BESIDE, `${name} ${found[0].bytes}`);
    const inside = found[0].left >= parent.left - 0.5 && found[0].left < parent.left + parent.size;
    assert.equal(inside, name === "inherited", name);
  }
});

test("a process can be looked at alone", async () => {
  const page = await byProcess();
  const before = (await rows(page))[1];
  const worker = before.find((box) => !box.name.endsWith(`(${known[0]})`));
  await clickBox(page, worker.name);
  assert.deepEqual(await trail(page), ["All", worker.name]);
  const names = (await rows(page)).flat().map((box) => box.name);
  assert.equal(names.filter((name) => name.startsWith("keeps_of_")).length, 1);
  assert.ok(!names.includes("inherited"));
  await page.goBack();
  assert.ok(await boxPosition(page, "inherited"));
});
