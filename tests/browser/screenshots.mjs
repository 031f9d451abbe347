// Pictures of pages and of terminals. Run by scripts/screenshots.

import { readFile, writeFile } from "node:fs/promises";
import { browser, open, openTimeline } from "./browser.mjs";
import { terminalPicture } from "./terminal-picture.mjs";

const { PAGES, IMAGES } = process.env;

async function picture(page, name) {
  await page.screenshot({ path: `${IMAGES}/${name}.png` });
  await page.context().close();
}

// A box some calls deep, so that the panel has something to tell.
async function choose(page) {
  await page.keyboard.press("g");
  for (let step = 0; step < 5; step += 1) await page.keyboard.press("ArrowDown");
}

const wide = { width: 1280, height: 760 };
const narrow = { width: 400, height: 860 };
for (const scheme of ["light", "dark"]) {
  const page = await open("large", { ...wide, scheme });
  await choose(page);
  await picture(page, `page-${scheme}`);
}
await picture(await open("large", { ...narrow }), "page-narrow");
await picture(await open("difference", { ...wide, height: 560 }), "page-difference");
await picture(await openTimeline("timeline-small", { width: 1000, height: 640 }), "timeline");
for (const name of ["lines", "tree"]) {
  const text = await readFile(`${PAGES}/${name}.ansi`, "utf8");
  await writeFile(`${IMAGES}/live-${name}.svg`, terminalPicture(text));
}
await browser.close();
