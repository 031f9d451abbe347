// Zoom, history, links, keys, tooltip and panel of the graph.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { boxPosition, browser, clickBox, fragment, open, option, row, rows, trail } from "./browser.mjs";

after(() => browser.close());

test("the page opens with the peak and asks for nothing else", async () => {
  const page = await open("small");
  assert.deepEqual(await row(page, 0), ["(all) 10000"]);
  assert.deepEqual(await row(page, 1), ["<module> 10000"]);
  assert.deepEqual(await row(page, 2), ["load 4700", "array_new 3000", "load 1000", "Node.walk 800", "<module> 500"]);
  assert.equal(await page.title(), "shop.py – memprof");
  assert.match(await page.locator("#facts").innerText(), /9\.8 KiB at 6\.00 s/);
  assert.match(await page.locator(".warning").first().innerText(), /incomplete: the program was killed by signal 9/);
  assert.deepEqual(page.problems, []);
});

test("boxes are as wide as their share", async () => {
  const page = await open("small");
  const shown = await rows(page);
  const width = shown[0][0].size;
  assert.ok(Math.abs(shown[2][0].size / width - 0.47) < 1e-9);
  assert.ok(Math.abs(shown[2][1].left / width - 0.47) < 1e-9);
});

test("a click zooms, and the browser's back and forward follow", async () => {
  const page = await open("small");
  await clickBox(page, "load");
  assert.deepEqual(await trail(page), ["All", "<module>", "load"]);
  const shown = await rows(page);
  assert.equal(shown[2].length, 1);
  assert.equal(shown[2][0].size, shown[0][0].size);
  assert.match(await fragment(page), /^#zoom=/);
  await clickBox(page, "parse");
  await page.goBack();
  assert.deepEqual(await trail(page), ["All", "<module>", "load"]);
  await page.goBack();
  assert.deepEqual(await trail(page), ["All"]);
  assert.equal(await fragment(page), "");
  await page.goForward();
  assert.deepEqual(await trail(page), ["All", "<module>", "load"]);
  await page.locator("#trail button").first().click();
  assert.deepEqual(await trail(page), ["All"]);
});

test("a link shows what one sees", async () => {
  const page = await open("small");
  await page.locator("#views button", { hasText: "All allocated" }).click();
  await page.locator("#search").fill("parse");
  await option(page, "flame", true);
  await clickBox(page, "load", 1);
  const hash = await fragment(page);
  const before = await rows(page);
  const again = await open("small", { hash });
  assert.deepEqual(await rows(again), before);
  assert.deepEqual(await trail(again), await trail(page));
  assert.equal(await again.locator("#search").inputValue(), "parse");
  assert.equal(await again.locator("#total").innerText(), await page.locator("#total").innerText());
});

test("a link that makes no sense shows everything", async () => {
  const page = await open("small", { hash: "#zoom=99.99.9&view=nothing&metric=apples&range=9-1&%=%&fold=yes" });
  assert.deepEqual(await row(page, 0), ["(all) 10000"]);
  assert.deepEqual(await trail(page), ["All"]);
  assert.deepEqual(page.problems, []);
});

test("keys choose boxes, zoom, and say what they chose", async () => {
  const page = await open("small");
  await page.keyboard.press("g");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.locator("#spoken").textContent(), "load, loader.py:20, 4.6 KiB · 47 blocks · 47.0 %, level 2, calls 1");
  await page.keyboard.press("ArrowRight");
  assert.match(await page.locator("#spoken").textContent(), /^array_new, /);
  assert.equal(await page.locator("#panel h2").innerText(), "array_new");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Enter");
  assert.deepEqual(await trail(page), ["All", "<module>", "load"]);
  await page.keyboard.press("Backspace");
  assert.deepEqual(await trail(page), ["All", "<module>"]);
  await page.keyboard.press("Escape");
  assert.deepEqual(await trail(page), ["All"]);
});

test("in flames, up is deeper", async () => {
  const page = await open("small", { hash: "#flame=yes" });
  await page.locator("#graph").focus();
  await page.keyboard.press("ArrowUp");
  assert.match(await page.locator("#spoken").textContent(), /^<module>, shop\.py:10/);
  const all = await boxPosition(page, "(all)");
  const main = await boxPosition(page, "<module>");
  assert.ok(main.y < all.y);
});

test("the tooltip tells place, source and amounts", async () => {
  const page = await open("small");
  const { x, y } = await boxPosition(page, "load");
  await page.mouse.move(x, y);
  const text = await page.locator("#tooltip").innerText();
  assert.match(text, /load/);
  assert.match(text, /\/app\/shop\/loader\.py:20:5/);
  assert.match(text, /items = parse\(text\)/);
  assert.match(text, /4\.6 KiB · 47 blocks · 47\.0 %/);
  await page.mouse.move(5, 5);
  assert.equal(await page.locator("#tooltip").isVisible(), false);
});

test("the panel tells own and total, types, threads and callers", async () => {
  const page = await open("small");
  assert.match(await page.locator("#panel").innerText(), /Largest lines\s+parse\s+5\.6 KiB\s+decoder\.py:337/);
  await clickBox(page, "load");
  const text = await page.locator("#panel").innerText();
  assert.match(text, /Your code\s+load\s+\/app\/shop\/loader\.py:20:5\s+shop\.loader/);
  assert.match(text, /Total\s+4\.6 KiB\s+47/);
  assert.match(text, /Own\s+0 B\s+0/);
  assert.match(text, /47\.0 % of all · 47\.0 % of the box above/);
  assert.match(text, /Types made here\s+dict\s+4\.6 KiB/);
  assert.match(text, /Threads\s+MainThread \(100\)\s+3\.9 KiB\s+loader-1 \(102\)\s+700 B/);
  assert.match(text, /Called from\s+<module>/);
});

test("a stack can be copied", async () => {
  const page = await open("small", { permissions: ["clipboard-read", "clipboard-write"] });
  await clickBox(page, "parse");
  await page.locator("#panel button", { hasText: "Copy stack" }).click();
  await page.waitForFunction(() => document.getElementById("spoken").textContent !== "");
  assert.equal(await page.locator("#spoken").textContent(), "Stack copied.");
  assert.equal(
    await page.evaluate(() => navigator.clipboard.readText()),
    [
      "4.6 KiB · 47 blocks · 47.0 %",
      "<module>  (/app/shop.py:10:5)",
      "    main()",
      "load  (/app/shop/loader.py:20:5)",
      "    items = parse(text)",
      "parse  (/usr/lib/python3.11/json/decoder.py:337)",
      "",
    ].join("\n"),
  );
});
