// Graph: what needs what, and which queues lie between.

/** Boxes that are drawn at once; of more, those around one process. */
const BOXES = 80;

const groups = run.processes.map((process, id) => ({
  process,
  id,
  kind: "process",
  nodes: [],
  reads: new Set(),
  feeds: new Set(),
}));
for (const node of nodes) {
  const group = groups[node.of];
  if (!group) continue;
  group.nodes.push(node);
  if (node.consumes !== null) group.reads.add(node.consumes);
  for (const queue of node.produces) group.feeds.add(queue);
}

/** Lines between processes and queues. */
function allLines() {
  const byName = new Map(groups.map((group) => [group.process.name, group]));
  const queues = run.queues.map((queue, id) => ({ queue, id, kind: "queue" }));
  const lines = [];
  const lead = (from, to, kind, said) => {
    if (from && to && from !== to) lines.push({ from, to, kind, said });
  };
  for (const group of groups) {
    const { needs, after, pipe, dead } = group.process;
    for (const [name, when] of needs)
      lead(byName.get(name), group, "needs", when === "passed" ? "" : when);
    for (const name of after) lead(byName.get(name), group, "after", "after");
    if (pipe) lead(byName.get(pipe), group, "pipe", "pipe");
    for (const id of group.feeds) lead(group, queues[id], "feeds", "");
    for (const id of group.reads) lead(queues[id], group, "feeds", "");
    for (const id of dead) lead(group, queues[id], "dead", "dead");
  }
  return lines;
}

const graph = { boxes: [], lines: [], alone: 0 };

function beginGraph() {
  graph.lines = allLines();
  if (!graph.lines.length) return;
  const joined = new Set(graph.lines.flatMap(({ from, to }) => [from, to]));
  const order = (box) => (box.kind === "process" ? box.id : box.id + groups.length);
  graph.boxes = [...joined].sort((a, b) => order(a) - order(b));
  graph.alone = groups.filter((group) => !joined.has(group)).length;
  $("graph").hidden = false;
  const failed = (box) => box.nodes?.some((node) => outcomes.get(node.outcome).failure);
  showGraph(graph.boxes.find(failed) ?? graph.boxes.find((box) => box.kind === "process"));
}

/** Whether a process is in the graph, and the graph too large to show all of it. */
const isApart = (node) => graph.boxes.length > BOXES && graph.boxes.includes(groups[node.of]);

/** Draws the graph, or what is around a box of one that is too large. */
function showGraph(middle) {
  const { boxes, lines, alone } = graph;
  const said = [];
  if (boxes.length > BOXES) {
    const all = count(boxes.length, "process or queue", "processes and queues");
    said.push(`Of ${all} those around ${middle.process.name}.`);
  }
  if (alone) {
    const are = alone === 1 ? "is" : "are";
    const these = count(alone, "process", "processes");
    said.push(`${these} that nothing leads to or from ${are} not drawn.`);
  }
  $("graph").querySelector("p").textContent = said.join(" ");
  const shown = boxes.length > BOXES ? around(middle, lines) : boxes;
  const kept = new Set(shown);
  const between = lines.filter(({ from, to }) => kept.has(from) && kept.has(to));
  drawGraph(
    shown,
    between.map((line) => ({ ...line })),
  );
}

/** Returns the boxes that are nearest to one. */
function around(middle, lines) {
  const found = new Set([middle]);
  for (const box of found) {
    for (const { from, to } of lines) {
      if (found.size >= BOXES) return [...found];
      if (from === box) found.add(to);
      if (to === box) found.add(from);
    }
  }
  return [...found];
}
