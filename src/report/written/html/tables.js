// Tables: rows that are sorted, filtered, and shown so many at once.

/** Rows that are shown at first, and with each wish for more. */
const STEP = 100;

/** Makes a table live: `wanted` returns its rows, `draw` an element for one, `keys` what sorts. */
function liveTable(table, wanted, draw, keys) {
  const [head, body] = [table.tHead.rows[0], table.tBodies[0]];
  const more = button("", () => show(shown + STEP), { class: "more" });
  table.parentElement.after(more);
  let [rows, shown, by, down] = [[], 0, null, false];

  function show(number) {
    const first = shown;
    shown = Math.min(number, rows.length);
    for (const row of rows.slice(first, shown)) body.append(draw(row));
    const left = rows.length - shown;
    more.hidden = left === 0;
    more.textContent = `${Math.min(left, STEP)} more of ${count(left, "row", "rows")}`;
    if (!rows.length)
      body.append(
        make(
          "tr",
          {},
          make("td", { colspan: head.cells.length, class: "dim" }, "Nothing matches."),
        ),
      );
  }

  function refresh() {
    rows = wanted();
    if (by) {
      const key = keys[by];
      const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
      rows = rows
        .map((row) => [key(row), row])
        .sort((a, b) => order(a[0], b[0]))
        .map((pair) => pair[1]);
      if (down) rows.reverse();
    }
    body.replaceChildren();
    shown = 0;
    show(STEP);
  }

  for (const cell of head.cells) {
    const name = cell.dataset.by;
    if (!name) continue;
    const text = cell.textContent;
    cell.replaceChildren(
      button(text, () => {
        down = by === name ? !down : cell.classList.contains("number");
        by = name;
        for (const other of head.cells) other.removeAttribute("aria-sort");
        cell.setAttribute("aria-sort", down ? "descending" : "ascending");
        refresh();
      }),
    );
  }
  return refresh;
}

const number = (text) => make("td", { class: "number" }, text);

/** Makes the bar that shows when a process ran. */
function span({ started, took, outcome }) {
  const bar = make("i", { class: outcome, hidden: started === null });
  bar.style.left = `${((started ?? 0) / total) * 100}%`;
  bar.style.width = `${(took / total) * 100}%`;
  return make("td", { class: "span", "aria-hidden": "true" }, make("span", {}, bar));
}

/** Makes the cell that names a row and opens what it is about. */
function opener(text, open) {
  return make("th", { scope: "row" }, button(text, open, { class: "name" }));
}

function nodeRow(node) {
  const started = node.started !== null;
  return make(
    "tr",
    {},
    opener(node.name, () => openNode(node)),
    make("td", {}, badge(node.outcome, node.why)),
    number(started ? String(node.tries) : ""),
    number(started ? took(node.started) : ""),
    number(started ? took(node.took) : ""),
    span(node),
  );
}

function attemptRow(attempt) {
  return make(
    "tr",
    {},
    opener(attempt.node.name, () => openNode(attempt.node, attempt)),
    make("td", {}, badge(attempt.verdict, attempt.how)),
    make("td", {}, make("code", {}, attempt.item)),
    make("td", {}, laneName(attempt)),
    number(String(attempt.number)),
    number(took(attempt.start)),
    number(took(attempt.took)),
  );
}

const laneName = ({ pool, slot }) => `${run.pools[pool]?.name ?? ""} ${slot}`;

/** Failures first, then as the job file has them. */
function byWeight() {
  const wanted = nodes.filter((node) => node.wanted);
  const failed = (node) => Boolean(outcomes.get(node.outcome).failure);
  return [...wanted.filter(failed), ...wanted.filter((node) => !failed(node))];
}

function beginTables() {
  const order = [...outcomes.keys()];
  const head = $("nodes").tHead.rows[0];
  const refreshNodes = liveTable($("nodes"), byWeight, nodeRow, {
    name: (node) => node.name,
    outcome: (node) => order.indexOf(node.outcome),
    tries: (node) => node.tries,
    started: (node) => node.started ?? Infinity,
    took: (node) => node.took,
  });
  head.append(make("td", { class: "span" }));
  const list = $("attempts");
  const refreshAttempts = liveTable(
    list.querySelector("table"),
    () => attempts.filter((attempt) => attempt.wanted),
    attemptRow,
    {
      name: (attempt) => attempt.node.name,
      verdict: (attempt) => attempt.verdict,
      number: (attempt) => attempt.number,
      start: (attempt) => attempt.start,
      took: (attempt) => attempt.took,
    },
  );
  filter.heard.push(refreshNodes, () => {
    if (list.open) refreshAttempts();
  });
  list.addEventListener("toggle", () => {
    if (list.open) refreshAttempts();
  });
}
