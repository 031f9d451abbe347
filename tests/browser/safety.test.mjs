// Hostile names, empty and damaged pages, narrow screens, paper, and those who cannot see the graph.

import assert from "node:assert/strict";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { browser, clickBox, open, option, rows } from "./browser.mjs";

after(() => browser.close());

test("hostile names run no script, wherever they are shown", async () => {
  const page = await open("hostile");
  const broken = () => page.evaluate(() => window.broken);
  const tags = () => page.evaluate(() => document.querySelectorAll("body img, body svg[onload], body script").length);
  await option(page, "types", true);
  for (const group of ["thread", "process"]) {
    await page.locator("#options summary").click();
    await page.locator("#group").selectOption(group);
    await page.keyboard.press("Escape");
  }
  const names = (await rows(page)).flat().map((box) => box.name);
  assert.ok(names.some((name) => name.includes("onerror")), "the names are shown as they are");
  for (const name of new Set(names)) await clickBox(page, name).catch(() => page.goBack());
  await page.locator("#search").fill("<script>");
  await page.locator("#search").fill("");
  await page.keyboard.press("Escape");
  await page.goto(page.url().replace(/#.*/, "#tab=table"));
  for (const by of ["function", "line", "file", "module", "type", "thread", "process"]) await page.locator("#by").selectOption(by);
  assert.equal(await broken(), undefined);
  // The page's own script is the only one; the data block removes itself.
  assert.equal(await tags(), 1);
  assert.deepEqual(page.problems, []);
});

test("the page's policy stops scripts that get in by any way", async () => {
  const page = await open("small");
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.broken = 9";
    document.body.append(script);
    document.body.insertAdjacentHTML("beforeend", '<img src="https://example.invalid/x.png" onerror="window.broken = 8">');
  });
  await page.waitForTimeout(100);
  assert.equal(await page.evaluate(() => window.broken), undefined);
  const stopped = page.problems.filter((problem) => /Content Security Policy/.test(problem));
  assert.equal(stopped.length, 3, page.problems.join("\n"));
  assert.equal(await page.evaluate(() => document.querySelector("img").naturalWidth), 0);
});

test("an empty recording says so", async () => {
  const page = await open("empty");
  assert.equal(await page.locator("#nothing").innerText(), "Nothing was allocated in this recording.");
  assert.deepEqual(page.problems, []);
});

test("a page that was cut short says so", async () => {
  const folder = await mkdtemp(join(tmpdir(), "memprof-pages-"));
  const file = join(folder, "cut.html");
  const whole = await readFile(`${process.env.PAGES}/small.html`, "utf8");
  const block = /(<script type="application\/octet-stream"[^>]*>)([^<]*)</.exec(whole);
  await writeFile(file, whole.replace(block[2], block[2].slice(0, (block[2].length >> 3) * 4)));
  const page = await open("cut", { file });
  assert.match(await page.locator("#failed").innerText(), /^This page cannot be shown: the data is .*memprof flamegraph\.$/);
});

for (const width of [320, 400, 768, 1920]) {
  test(`nothing is cut off at ${width} pixels`, async () => {
    for (const hash of ["", "#tab=table", "#range=2-5&search=parse"]) {
      const page = await open("small", { width, height: 800, hash });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(overflow, 0, hash);
      await page.context().close();
    }
  });
}

test("on a narrow screen the panel stands below the graph", async () => {
  const page = await open("small", { width: 400, height: 800 });
  const graph = await page.locator("#scroller").boundingBox();
  const panel = await page.locator("#panel").boundingBox();
  assert.ok(panel.y >= graph.y + graph.height);
  assert.ok(graph.height > 300);
});

test("paper shows graph and panel, and no controls", async () => {
  const page = await open("small", { scheme: "dark" });
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator("#controls").isVisible(), false);
  assert.equal(await page.locator("#graph").isVisible(), true);
  assert.equal(await page.locator("#panel").isVisible(), true);
  const pdf = await page.pdf({ format: "A4", landscape: true, printBackground: true });
  assert.ok(pdf.length > 10_000);
});

test("everything that can be used has a name", async () => {
  const page = await open("small");
  const nameless = await page.evaluate(() => {
    const found = document.querySelectorAll("button, input, select, summary, canvas, [role=group], aside, nav, section");
    return [...found]
      .filter((one) => !one.hidden && !(one.getAttribute("aria-label") || one.getAttribute("aria-labelledby") || one.textContent.trim() || one.closest("label")?.textContent.trim()))
      .map((one) => one.outerHTML.slice(0, 100));
  });
  assert.deepEqual(nameless, []);
  assert.equal(await page.locator("#spoken").getAttribute("aria-live"), "polite");
});

test("the whole page can be used without a pointer", async () => {
  const page = await open("small");
  const reached = new Set();
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement.id || document.activeElement.dataset.value || document.activeElement.tagName));
  }
  for (const id of ["help-button", "theme", "chart", "from", "to", "peak", "blocks", "search", "invert", "SUMMARY", "table", "graph"]) {
    assert.ok(reached.has(id), `${id} is reached by Tab`);
  }
});
