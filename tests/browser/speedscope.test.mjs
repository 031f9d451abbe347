// What `memprof export speedscope` writes, opened by speedscope itself: it is read by speedscope's importer, written again by
// its own export, and then still has every byte.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, test } from "node:test";
import { browser } from "./browser.mjs";

after(() => browser.close());

const RELEASE = join(dirname(fileURLToPath(import.meta.url)), "node_modules/speedscope/dist/release/index.html");

test("speedscope finds the bytes and blocks of stats", async () => {
  const folder = process.env.PAGES;
  const peak = JSON.parse(await readFile(`${folder}/stats.json`, "utf8")).peak;
  const exported = await readFile(`${folder}/exported.speedscope`);
  // the way its own command hands over a file
  const load = `speedscope.loadFileFromBase64("exported.json", "${exported.toString("base64")}")`;
  await writeFile(`${folder}/load.js`, load);
  const page = await (await browser.newContext({ acceptDownloads: true })).newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(`file://${RELEASE}#localProfilePath=${folder}/load.js`);
  await page.getByText("Left Heavy").waitFor();
  const download = page.waitForEvent("download");
  await page.keyboard.press("Control+s");
  const again = JSON.parse(await readFile(await (await download).path(), "utf8"));
  const totals = again.profiles.map((profile) => [profile.name, profile.unit, profile.endValue]);
  assert.deepEqual(totals, [
    ["Bytes", "bytes", peak.bytes],
    ["Blocks", "none", peak.blocks],
  ]);
  assert.deepEqual(errors, []);
});
