// Half a million boxes: everything still answers, and answers right. (How fast is measured by `measure.mjs`.)

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { browser, open, rows, trail } from "./browser.mjs";

after(() => browser.close());

test("500,000 nodes open, zoom, search, turn around and fold without losing a byte", async () => {
  const page = await open("large");
  const all = async () => (await rows(page))[0][0].bytes;
  const total = await all();
  assert.ok(total > 1e9);
  assert.ok((await page.evaluate(() => memprof.model.structure.count)) > 300_000);

  await page.locator("#search").fill("encode_tokens");
  const found = await page.evaluate(() => memprof.model.total.bytes);
  assert.ok(found > 0 && found < total);
  await page.locator("#only").check();
  assert.equal(await all(), found);
  await page.locator("#search").press("Escape");

  await page.locator("#invert").click();
  assert.equal(await all(), total);
  const callers = (await rows(page))[1];
  assert.ok(callers.length > 10);
  assert.ok(callers.every((box, index) => index === 0 || box.bytes <= callers[index - 1].bytes));
  await page.locator("#invert").click();

  for (const choice of ["fold", "imports", "types"]) {
    await page.evaluate((key) => document.getElementById(key).click(), choice);
    assert.equal(await all(), total, choice);
  }
  const area = await page.locator("#graph").boundingBox();
  await page.mouse.click(area.x + 300, area.y + 11 + 22 * 6);
  assert.equal((await trail(page)).at(0), "All");
  assert.ok((await trail(page)).length > 5);
  assert.deepEqual(page.problems, []);
});
