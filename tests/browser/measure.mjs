// How long a page of half a million nodes takes to open and to answer. Prints a table; nothing is asserted, because a busy
// machine would make such a test fail.

import { browser, open } from "./browser.mjs";

const RUNS = 5;

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

async function openingTimes(name) {
  const times = [];
  for (let run = 0; run < RUNS; run += 1) {
    const page = await open(name);
    times.push(
      await page.evaluate(() => {
        const [ready] = performance.getEntriesByName("memprof-ready");
        return ready.startTime;
      }),
    );
    await page.context().close();
  }
  return median(times);
}

// Runs `change` in the page and waits until the canvas was painted; it is painted before the change returns, so this is the time
// until the answer is on its way to the screen.
async function answerTime(page, changes) {
  const times = [];
  for (const change of changes) times.push(await page.evaluate(`(() => { const begin = performance.now(); ${change}; return performance.now() - begin; })()`));
  return median(times);
}

const type = (text) => `(() => { const box = document.getElementById("search"); box.value = ${JSON.stringify(text)}; box.dispatchEvent(new Event("input")); })()`;
const go = (changes) => `memprof.history.go(${JSON.stringify(changes)})`;
const zoomTo = (row, number) => `(() => { const { boxes } = memprof.graph; memprof.zoom(boxes.node[boxes.rowStart[${row}] + ${number}]); })()`;

const results = [["open", await openingTimes("large")]];
const page = await open("large");
const nodes = await page.evaluate(() => memprof.recording.nodes.parent.length);
results.push(["zoom", await answerTime(page, [zoomTo(8, 0), zoomTo(12, 0), go({ zoom: "" }), zoomTo(5, 0), go({ zoom: "" })])]);
results.push(["search", await answerTime(page, ["e", "en", "enc", "encode_t", "encode_tokens", "file:pipeline", "type:dict"].map(type))]);
await page.evaluate(type(""));
results.push(["another view", await answerTime(page, ["leaks", "allocated", "temporary", "peak"].map((view) => go({ view })))]);
results.push(["blocks", await answerTime(page, [go({ metric: "blocks" }), go({ metric: "bytes" })])]);
results.push(["drag a range", await answerTime(page, ["10-40", "10-41", "10-42", "10-43"].map((range) => go({ range })))]);
await page.evaluate(go({ range: "" }));
results.push(["only matches", await answerTime(page, [go({ search: "encode", only: true }), go({ search: "merge", only: true })])]);
await page.evaluate(go({ search: "", only: false }));
results.push(["inverted", await answerTime(page, [go({ inverted: true }), go({ inverted: false })])]);
results.push(["by thread", await answerTime(page, [go({ group: "thread" }), go({ group: "none" })])]);
results.push(["collapse recursion", await answerTime(page, [go({ fold: true }), go({ fold: false })])]);
results.push(["table", await answerTime(page, [go({ tab: "table" }), go({ by: "line" }), go({ by: "type" })])]);

console.log(`${nodes.toLocaleString("en")} nodes, ${await browser.version()}, median\n`);
for (const [name, time] of results) console.log(`${name.padEnd(20)} ${time.toFixed(0).padStart(6)} ms`);
await browser.close();
