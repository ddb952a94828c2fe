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
const isFiltered = () => filter.words.length > 0 || filter.outcomes.size > 0;

/** Marks what is looked for: a process by its own text or by that of an item that it had. */
function mark() {
  const fits = (outcome) => !filter.outcomes.size || filter.outcomes.has(outcome);
  for (const node of nodes) {
    node.named = hasWords(texts[node.id]);
    node.wanted = node.named && fits(node.outcome);
  }
  for (const attempt of attempts) {
    const { node, item, verdict } = attempt;
    const named = node.named || (item && hasWords(`${texts[node.id]}\n${item.toLowerCase()}`));
    attempt.wanted = named && fits(item ? verdict : node.outcome);
    node.wanted ||= named && fits(node.outcome);
  }
}

/** Begins to listen; `heard` is told of every change. */
function beginFilter() {
  const change = () => {
    filter.words = $("text").value.toLowerCase().split(/\s+/).filter(Boolean);
    mark();
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
  const kinds = [...outcomes.keys()].filter((word) => nodes.some((node) => node.outcome === word));
  for (const word of kinds.length > 1 ? kinds : []) {
    const number = nodes.filter((node) => node.outcome === word).length;
    const chip = button(
      "",
      () => {
        const on = filter.outcomes.delete(word) ? false : Boolean(filter.outcomes.add(word));
        chip.setAttribute("aria-pressed", String(on));
        change();
      },
      { class: `chip ${word}`, "aria-pressed": "false" },
    );
    chip.append(`${outcomes.get(word).said} `, make("b", {}, String(number)));
    $("outcomes").append(chip);
  }
  filter.heard.push(() => {
    const found = nodes.filter((node) => node.wanted).length;
    $("found").textContent = isFiltered()
      ? `${found} of ${count(nodes.length, "process", "processes")}`
      : "";
    for (const row of document.querySelectorAll(".dead > details")) {
      row.hidden = !hasWords(row.textContent.toLowerCase());
    }
    for (const row of document.querySelectorAll(".failure")) {
      row.hidden = !nodes[Number(row.dataset.node)].wanted;
    }
  });
  mark();
  $("filter").hidden = false;
}
