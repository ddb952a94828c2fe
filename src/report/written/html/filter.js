// Filter: which processes and attempts are looked for. All parts of the page ask it.

const filter = { words: [], outcomes: new Set(), heard: [] };

/** Text in which a process is looked for. */
function textOf(node) {
  const { command = [], script, description } = node.process;
  return [node.name, node.why, description, ...command, script]
    .filter(Boolean)
    .join("\n")
    .toLowerCase();
}

const texts = nodes.map(textOf);
const hasWords = (text) => filter.words.every((word) => text.includes(word));

/** Whether a process is looked for: by its own text or by that of an item of it. */
function isWanted(node) {
  if (filter.outcomes.size && !filter.outcomes.has(node.outcome)) return false;
  return hasWords(texts[node.id]) || node.attempts.some((one) => one.item && isNamed(one));
}

/** Whether an attempt is looked for. */
function isWantedAttempt(attempt) {
  const { outcomes } = filter;
  if (outcomes.size && !outcomes.has(attempt.node.outcome) && !outcomes.has(attempt.verdict))
    return false;
  return !filter.words.length || isNamed(attempt);
}

const isNamed = (attempt) => hasWords(`${texts[attempt.node.id]}\n${attempt.item.toLowerCase()}`);
const isFiltered = () => filter.words.length > 0 || filter.outcomes.size > 0;

/** Begins to listen; `heard` is told of every change. */
function beginFilter() {
  const change = () => {
    filter.words = $("text").value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const hear of filter.heard) hear();
  };
  $("text").addEventListener("input", change);
  $("filter").addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    $("text").focus();
  });
  for (const { word, said } of outcomes.values()) {
    const number = nodes.filter((node) => node.outcome === word).length;
    if (!number) continue;
    const chip = button(
      "",
      () => {
        const on = filter.outcomes.delete(word) ? false : Boolean(filter.outcomes.add(word));
        chip.setAttribute("aria-pressed", String(on));
        change();
      },
      { class: `chip ${word}`, "aria-pressed": "false" },
    );
    chip.append(`${said} `, make("b", {}, String(number)));
    $("outcomes").append(chip);
  }
  filter.heard.push(() => {
    const found = nodes.filter(isWanted).length;
    $("found").textContent = isFiltered()
      ? `${found} of ${count(nodes.length, "process", "processes")}`
      : "";
    for (const row of document.querySelectorAll(".dead > details")) {
      row.hidden = !hasWords(row.textContent.toLowerCase());
    }
    for (const row of document.querySelectorAll(".failure")) {
      row.hidden = !isWanted(nodes[Number(row.dataset.node)]);
    }
  });
  $("filter").hidden = false;
}
