// Graph: what needs what, and which queues lie between.

/** Boxes that are drawn at once; of more, those around one process. */
const BOXES = 80;

/** Sizes of the picture. */
const ROW = 54,
  BOX = 38,
  BETWEEN = 64;

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

function beginGraph() {
  const lines = allLines();
  if (!lines.length) return;
  const joined = new Set(lines.flatMap(({ from, to }) => [from, to]));
  const order = (box) => (box.kind === "process" ? box.id : box.id + groups.length);
  let boxes = [...joined].sort((a, b) => order(a) - order(b));
  const alone = groups.length - boxes.filter((box) => box.kind === "process").length;
  const said = [];
  if (boxes.length > BOXES) {
    const failed = (box) => box.nodes?.some((node) => outcomes.get(node.outcome).failure);
    const middle = boxes.find(failed) ?? boxes.find((box) => box.kind === "process") ?? boxes[0];
    said.push(
      `Of ${boxes.length} processes and queues those around ${middle.process?.name ?? middle.queue.name}.`,
    );
    boxes = around(middle, lines);
  }
  if (alone)
    said.push(
      `${count(alone, "process", "processes")} that nothing leads to or from ${alone === 1 ? "is" : "are"} not drawn.`,
    );
  $("graph").querySelector("p").textContent = said.join(" ");
  const kept = new Set(boxes);
  $("graph").hidden = false;
  drawGraph(
    boxes,
    lines.filter(({ from, to }) => kept.has(from) && kept.has(to)),
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

const SVG = document.querySelector("#graph svg").namespaceURI;

function shape(name, values, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function nameOf(box) {
  const name = box.kind === "queue" ? box.queue.name : box.process.name;
  return name.length > 26 ? `${name.slice(0, 25)}…` : name;
}

function belowOf(box) {
  if (box.kind === "queue")
    return `${count(box.queue.done, "item", "items")} done${box.queue.dead ? `, ${box.queue.dead} dead` : ""}`;
  const length = Math.max(0, ...box.nodes.map((node) => node.took));
  if (box.nodes.length === 1)
    return box.nodes[0].started === null ? outcomes.get(box.nodes[0].outcome).said : took(length);
  const good = box.nodes.filter((node) => !outcomes.get(node.outcome).failure).length;
  return `${good} of ${box.nodes.length} · ${took(length)}`;
}

/** The worst that became of the nodes of a process. */
function worst(box) {
  const order = [
    "failed",
    "timed-out",
    "killed",
    "running",
    "allowed-failure",
    "flaky",
    "stopped",
    "passed",
    "cached",
    "skipped",
    "waiting",
  ];
  return order.find((outcome) => box.nodes.some((node) => node.outcome === outcome)) ?? "waiting";
}

function drawGraph(boxes, lines) {
  const { layers } = layered(boxes, lines);
  const tallest = Math.max(...layers.map((layer) => layer.length));
  let left = 8;
  for (const layer of layers) {
    const names = layer
      .filter((place) => place.box)
      .map((place) => Math.max(nameOf(place.box).length * 7.4, belowOf(place.box).length * 6.4));
    const wide = Math.max(90, ...names) + 26;
    layer.forEach((place, at) => {
      const top = 8 + (at + (tallest - layer.length) / 2) * ROW;
      Object.assign(place, { left, wide, top, middle: top + BOX / 2 });
    });
    left += wide + BETWEEN;
  }
  const [width, height] = [left - BETWEEN + 8, tallest * ROW + 8];
  const svg = $("graph").querySelector("svg");
  const places = new Map(
    layers
      .flat()
      .filter((place) => place.box)
      .map((place) => [place.box, place]),
  );
  const backs = lines.filter((line) => line.back).length;
  svg.setAttribute("viewBox", `0 0 ${width} ${height + (backs ? 30 : 0)}`);
  svg.setAttribute("width", width);
  svg.setAttribute("height", height + (backs ? 30 : 0));
  svg.setAttribute("role", "group");
  svg.setAttribute("aria-label", "Processes and queues, and what leads where");
  const arrow = shape(
    "marker",
    {
      id: "arrow",
      viewBox: "0 0 8 8",
      refX: 7,
      refY: 4,
      markerWidth: 7,
      markerHeight: 7,
      orient: "auto",
    },
    shape("path", { d: "M0 0L8 4L0 8z", class: "arrow" }),
  );
  svg.replaceChildren(
    shape("defs", {}, arrow),
    ...lines.map((line) => drawLine(line, places, height)),
    ...boxes.map((box) => drawBox(box, places.get(box))),
  );
}

function drawLine(line, places, height) {
  const from = places.get(line.from);
  const to = places.get(line.to);
  let d = `M${from.left + from.wide} ${from.middle}`;
  if (line.back) {
    d += `C${from.left + from.wide + 40} ${height + 30} ${to.left - 40} ${height + 30} ${to.left - 1} ${to.middle}`;
  } else {
    for (let at = 1; at < line.path.length; at++) {
      const [last, next] = [line.path[at - 1], line.path[at]];
      const half = BETWEEN / 2;
      d += `C${last.left + last.wide + half} ${last.middle} ${next.left - half} ${next.middle} ${next.left - (at === line.path.length - 1 ? 1 : 0)} ${next.middle}`;
      if (at < line.path.length - 1) d += `H${next.left + next.wide}`;
    }
  }
  const path = shape("path", { d, class: `line ${line.kind}`, "marker-end": "url(#arrow)" });
  if (!line.said) return path;
  const label = shape(
    "text",
    { x: from.left + from.wide + 6, y: from.middle - 5, class: "said" },
    line.said,
  );
  return shape("g", {}, path, label);
}

function drawBox(box, { left, wide, top }) {
  const is = box.kind === "process" ? worst(box) : "queue";
  const title = shape(
    "title",
    {},
    box.kind === "process"
      ? `${box.process.name}: ${outcomes.get(is).said}`
      : `queue ${box.queue.name}`,
  );
  const parts = [
    title,
    shape("rect", {
      x: left,
      y: top,
      width: wide,
      height: BOX,
      rx: box.kind === "queue" ? BOX / 2 : 6,
    }),
  ];
  if (box.kind === "process")
    parts.push(shape("rect", { x: left, y: top, width: 5, height: BOX, rx: 2, class: "edge" }));
  parts.push(
    shape("text", { x: left + 15, y: top + 16 }, nameOf(box)),
    shape("text", { x: left + 15, y: top + 30, class: "below" }, belowOf(box)),
  );
  if (box.kind === "queue") return shape("g", { class: "box queue" }, ...parts);
  const said = `${box.process.name}: ${outcomes.get(is).said}, ${belowOf(box)}`;
  const made = shape(
    "g",
    { class: `box ${is}`, tabindex: "0", role: "button", "aria-label": said },
    ...parts,
  );
  const open = () => openNode(box.nodes.find((node) => node.outcome === is) ?? box.nodes[0]);
  made.addEventListener("click", open);
  made.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      open();
    }
  });
  return made;
}
