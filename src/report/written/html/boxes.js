// Boxes: the picture of the graph.

/** Sizes: of a row, a box in it, between layers, at the edges, below for lines that lead back. */
const ROW = 54;
const BOX = 38;
const BETWEEN = 60;
const EDGE = 8;
const BELOW = 30;

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
  if (box.kind === "queue") {
    const { done, dead } = box.queue;
    return `${count(done, "item", "items")} done${dead ? `, ${dead} dead` : ""}`;
  }
  const length = box.nodes.reduce((most, node) => Math.max(most, node.took), 0);
  if (box.nodes.length === 1) {
    const [{ started, outcome }] = box.nodes;
    return started === null ? outcomes.get(outcome).said : took(length);
  }
  const good = box.nodes.filter((node) => !outcomes.get(node.outcome).failure).length;
  return `${good} of ${box.nodes.length} · ${took(length)}`;
}

/** What a process is drawn as where its nodes differ, first things first. */
const WORST = "failed timed-out killed running allowed-failure flaky stopped passed cached skipped";

/** The worst that became of the nodes of a process. */
function worst({ nodes }) {
  const is = (outcome) => nodes.some((node) => node.outcome === outcome);
  return WORST.split(" ").find(is) ?? "waiting";
}

function drawGraph(boxes, lines) {
  const { layers, places } = layered(boxes, lines);
  const tallest = Math.max(...layers.map((layer) => layer.length));
  let left = EDGE;
  for (const layer of layers) {
    const wide = Math.max(...layer.map(({ box }) => (box ? widthOf(box) : 0)));
    layer.forEach((place, at) => {
      const top = EDGE + (at + (tallest - layer.length) / 2) * ROW;
      Object.assign(place, { left, wide, top, middle: top + BOX / 2 });
    });
    left += wide + BETWEEN;
  }
  const [width, low] = [left - BETWEEN + EDGE, tallest * ROW + EDGE];
  const height = low + (lines.some((line) => line.back) ? BELOW : 0);
  const svg = $("graph").querySelector("svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("width", width);
  // It shrinks to the page as long as it can be read.
  svg.style.minWidth = `${width * 0.75}px`;
  svg.lastElementChild.replaceChildren(
    ...lines.map((line) => drawLine(line, places, low)),
    ...boxes.map((box) => drawBox(box, places.get(box))),
  );
}

/** How wide a box is, by the letters in it. */
function widthOf(box) {
  return Math.max(90, nameOf(box).length * 7.4, belowOf(box).length * 6.4) + 26;
}

function drawLine(line, places, low) {
  const from = places.get(line.from);
  const to = places.get(line.to);
  const d = [`M${from.left + from.wide} ${from.middle}`];
  if (line.back) {
    const [deep, end] = [low + BELOW, to.left - 1];
    d.push(`C${from.left + from.wide + 40} ${deep} ${end - 40} ${deep} ${end} ${to.middle}`);
  } else {
    line.path.slice(1).forEach((next, at) => {
      const last = line.path[at];
      const half = BETWEEN / 2;
      const end = next === to ? next.left - 1 : next.left;
      d.push(`C${last.left + last.wide + half} ${last.middle}`);
      d.push(`${next.left - half} ${next.middle} ${end} ${next.middle}`);
      if (next !== to) d.push(`H${next.left + next.wide}`);
    });
  }
  const path = shape("path", {
    d: d.join(" "),
    class: `line ${line.kind}`,
    "marker-end": "url(#arrow)",
  });
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
