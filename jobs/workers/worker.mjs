// A worker in Node. It is asked and replies on descriptors of its own, so whatever it prints is its
// log, and it works on as many items at once as its window says. The part to replace is `work`: it
// gets the item and returns the items that come of it; whatever it throws is why the item failed.
import { createReadStream, writeSync } from "node:fs";

async function work(item) {
  if (!item) throw new Error("an empty item");
  return [item.toUpperCase()];
}

const replies = Number(process.env.RUNNER_OUT_FD);
const reply = (keys) => writeSync(replies, JSON.stringify(keys) + "\n");

async function answer({ id, item }) {
  const done = (out) => ({ id, ok: true, out });
  const failed = (error) => ({ id, ok: false, error: String(error) });
  reply(await work(item).then(done, failed));
}

reply({ ready: true, window: 16 });
// Lines are not read with `readline`: it takes a few characters for the end of one that are none.
let rest = "";
const requests = createReadStream("", { fd: Number(process.env.RUNNER_IN_FD), encoding: "utf8" });
for await (const block of requests) {
  const lines = (rest + block).split("\n");
  rest = lines.pop();
  for (const line of lines) answer(JSON.parse(line));
}
