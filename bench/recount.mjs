// Runs static/js/recount.js over bundles named on standard input, one path a line.

import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

// Without a package.json, Node takes only .mjs files for modules: hand it the text.
const source = await readFile(new URL("../static/js/recount.js", import.meta.url));
const { check } = await import(`data:text/javascript;base64,${source.toString("base64")}`);

for await (const path of createInterface({ input: process.stdin })) {
  const { report } = await check(new Uint8Array(await readFile(path)));
  console.log(JSON.stringify(report));
}
