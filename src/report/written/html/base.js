"use strict";
// Base: the run as it was told, and small words and elements that everything below uses.

const run = JSON.parse(document.getElementById("run").textContent);

/** Elements of the page by their id. */
const $ = (id) => document.getElementById(id);

/** Makes an element; what is not an element among its children is text, never markup. */
function make(name, values = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(values)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Makes a button that does something. */
function button(text, act, values = {}) {
  const made = make("button", { type: "button", ...values }, text);
  made.addEventListener("click", act);
  return made;
}

/** Says a number of microseconds as the terminal does: `87ms`, `1.2s`, `1m12s`. */
function took(micros) {
  const seconds = Math.floor(micros / 1e6);
  if (micros < 1e6) return `${Math.floor(micros / 1e3)}ms`;
  if (seconds < 60) return `${seconds}.${Math.floor(micros / 1e5) % 10}s`;
  const two = (number) => String(number).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h${two(Math.floor(seconds / 60) % 60)}m`;
}

/** Says a number of bytes. */
function size(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024;
  return `${unit ? bytes.toFixed(1) : bytes} ${units[unit]}`;
}

/** Says a number with its noun and with its thousands apart. */
function count(number, one, many) {
  return `${number.toLocaleString("en").replaceAll(",", "\u202f")} ${number === 1 ? one : many}`;
}

const outcomes = new Map(run.outcomes.map((outcome) => [outcome.word, outcome]));
outcomes.set("running", { word: "running", said: "not ended", failure: true });
outcomes.set("waiting", { word: "waiting", said: "not started" });

/** Processes of the plan, each with what became of it. */
const nodes = run.ends.map((end, id) => {
  const [process, cell] = run.nodes[id];
  return { ...end, id, cell, of: process, process: run.processes[process] ?? {}, attempts: [] };
});

/** What an attempt ended as, as outcomes name it. */
function outcomeOf(verdict, node) {
  if (verdict === "ended") return "passed";
  return verdict === "failed" && node.outcome === "allowed-failure" ? node.outcome : verdict;
}

/** Attempts, in the order of their ends. */
const attempts = run.attempts.map((row, id) => {
  const [node, pool, slot, start, length, number, verdict, how, item] = row;
  const attempt = {
    id,
    node: nodes[node],
    pool,
    slot,
    start,
    took: length,
    number,
    verdict: outcomeOf(verdict, nodes[node]),
    how,
    item: item ?? "",
    logs: [],
  };
  attempt.node.attempts.push(attempt);
  return attempt;
});
for (const log of run.logs) attempts[log.attempt].logs.push(log);

/** When everything was over, in microseconds. */
const total = Math.max(
  1,
  run.took ?? 0,
  attempts.reduce((most, attempt) => Math.max(most, attempt.start + attempt.took), 0),
);

/** Says how an attempt ended, in words. */
function ended(attempt) {
  const said = outcomes.get(attempt.verdict).said;
  return attempt.how ? `${said} (${attempt.how})` : said;
}

/** Makes the sign and the words of an outcome. */
function badge(outcome, why) {
  const said = outcomes.get(outcome).said;
  return make("span", { class: `badge ${outcome}` }, why ? `${said} (${why})` : said);
}
