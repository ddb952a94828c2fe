// Details: one process, with its command, its attempts and what they have printed.

/** Attempts that are listed at first. */
const LISTED = 30;

/** Opens the details of a process, at one of its attempts where one is given. */
function openNode(node, chosen) {
  const [dialog, title] = [$("details"), $("details-title")];
  title.replaceChildren(node.name, " ", badge(node.outcome, node.why));
  const body = dialog.lastElementChild;
  const { description } = node.process;
  body.replaceChildren(
    description ? make("p", { class: "description" }, description) : "",
    facts(node),
    ...inGraph(node),
    ...command(node),
    ...tries(node, chosen),
  );
  if (!dialog.open) dialog.showModal();
  const target = body.querySelector("[data-chosen]");
  if (target) target.scrollIntoView({ block: "start" });
  else dialog.scrollTop = 0;
}

/** Makes what leads to a process in a graph that is shown in part. */
function inGraph(node) {
  if (!isApart(node)) return [];
  const show = () => {
    $("details").close();
    showGraph(groups[node.of]);
    $("graph").scrollIntoView();
  };
  return [button("Show it in the graph", show, { class: "more" })];
}

function facts(node) {
  const { needs = [], after = [], pipe } = node.process;
  const need = ([name, when]) => (when === "passed" ? name : `${name} ${when}`);
  const queue = (id) => run.queues[id].name;
  const rows = [
    ["Start", node.started === null ? "never" : took(node.started)],
    ["Time", node.started === null ? "" : took(node.took)],
    ["Expected", node.expected === null ? "" : took(node.expected)],
    ["Attempts", String(node.tries)],
    ["Pools", node.pools.map((pool) => run.pools[pool].name).join(", ")],
    ["Needs", needs.map(need).join(", ")],
    ["After", after.join(", ")],
    ["Pipe from", pipe],
    ["Reads", node.consumes === null ? "" : `queue ${queue(node.consumes)}`],
    ["Feeds", node.produces.map((id) => `queue ${queue(id)}`).join(", ")],
    ["Dead items to", (node.process.dead ?? []).map((id) => `queue ${queue(id)}`).join(", ")],
  ];
  const list = make("dl", { class: "facts" });
  for (const [name, value] of rows) {
    if (value) list.append(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  }
  return list;
}

/** Fills in what a cell of a matrix knows. */
const filled = (text, cell) =>
  text.replace(/\{matrix\.([^{}]+)\}/g, (whole, key) => cell[key] ?? whole);

/** Returns a word as a shell reads it back. */
function quoted(word) {
  return /^[\w./:=@%+,{}-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function command(node) {
  const { command: words = [], script } = node.process;
  const line = words.map((word) => quoted(filled(word, node.cell))).join(" ");
  if (!line) return [];
  const text = script === null ? line : filled(script, node.cell).trim();
  const title = script === null ? "Command" : `Script for ${line}`;
  const code = make(
    "pre",
    { class: "command", tabindex: "0", role: "region", "aria-label": "Command" },
    text,
  );
  const copy = button(
    "Copy",
    async () => {
      try {
        await navigator.clipboard.writeText(text);
        copy.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
      }
    },
    { class: "copy" },
  );
  return [make("div", { class: "title" }, make("h3", {}, title), copy), code];
}

/** What may be opened: a given attempt first, then failures, then the newest. */
function tries(node, chosen) {
  if (!node.attempts.length) return [];
  const failed = (attempt) => attempt.verdict !== "passed";
  const newest = [...node.attempts].reverse();
  const order = [...newest.filter(failed), ...newest.filter((attempt) => !failed(attempt))];
  const rows = chosen ? [chosen, ...order.filter((attempt) => attempt !== chosen)] : order;
  const list = make("div", { class: "tries" });
  const more = button("", () => show(), { class: "more" });
  let shown = 0;
  const show = () => {
    const next = rows.slice(shown, shown + LISTED);
    list.append(...next.map((attempt) => oneTry(attempt, attempt === (chosen ?? rows[0]), chosen)));
    shown += next.length;
    more.hidden = shown === rows.length;
    more.textContent = `more of ${count(rows.length - shown, "attempt", "attempts")}`;
  };
  show();
  return [
    make("h3", {}, rows.length === 1 ? "Attempt" : count(rows.length, "attempt", "attempts")),
    list,
    more,
  ];
}

function oneTry(attempt, open, chosen) {
  const about = [
    `try ${attempt.number}`,
    took(attempt.took),
    `at ${took(attempt.start)}`,
    `slot ${laneName(attempt)}`,
  ];
  const summary = make(
    "summary",
    {},
    badge(attempt.verdict, attempt.how),
    " ",
    attempt.item ? make("code", {}, attempt.item) : null,
    " ",
    make("span", { class: "dim" }, about.join(" · ")),
  );
  const made = make("details", { open, "data-chosen": attempt === chosen }, summary);
  const fill = () => {
    if (made.open && made.children.length === 1) made.append(...logs(attempt));
  };
  made.addEventListener("toggle", fill);
  fill();
  return made;
}

const STREAMS = { stdout: "Standard output", stderr: "Standard error" };

function logs(attempt) {
  if (!attempt.logs.length) {
    return [make("p", { class: "dim" }, "Nothing was printed, or this page had no room for it.")];
  }
  return attempt.logs.flatMap((log) => {
    const about = log.whole ? size(log.bytes) : `the end of ${size(log.bytes)}`;
    const title = make(
      "p",
      { class: "label" },
      STREAMS[log.stream],
      " ",
      make("span", { class: "dim" }, about, " · ", make("code", {}, log.file)),
    );
    const text = make("pre", {
      class: "log",
      tabindex: "0",
      role: "region",
      "aria-label": STREAMS[log.stream],
    });
    text.append(colored(log.text));
    return [title, text];
  });
}

function beginDetails() {
  const dialog = $("details");
  dialog.querySelector("header button").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  for (const failure of document.querySelectorAll(".failure")) {
    const node = nodes[Number(failure.dataset.node)];
    failure
      .querySelector(".again")
      .before(button("Details", () => openNode(node), { "aria-label": `Details of ${node.name}` }));
  }
}
