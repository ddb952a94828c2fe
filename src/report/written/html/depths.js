// Depths: how full each queue was, over the time that the timeline shows.

/** Rows of one queue. */
const TALL = 52;

function beginDepths() {
  const shown = run.queues.filter((queue) => queue.depth.length);
  const box = $("depths");
  if (!box || !shown.length || !attempts.length) return;
  const canvas = make("canvas", {
    role: "img",
    "aria-label": "Items in each queue over time; the table below has the numbers",
  });
  box.append(canvas);
  box.hidden = false;
  view.heard.push(() => drawDepths(canvas, box, shown));
}

function drawDepths(canvas, box, shown) {
  const [width, height] = [box.clientWidth, shown.length * TALL];
  const [on, color] = [context(canvas, width, height), palette()];
  const x = (at) =>
    GUTTER + ((at - view.from) / (view.to - view.from)) * Math.max(50, width - GUTTER);
  drawGrid(on, { width, height, color, x });
  shown.forEach((queue, index) => drawQueue(on, queue, { top: index * TALL, width, color, x }));
}

function drawQueue(on, queue, { top, width, color, x }) {
  const { depth, capacity, deepest } = queue;
  const bounded = capacity <= deepest * 2;
  const most = Math.max(1, deepest, bounded ? capacity : 0);
  const base = top + TALL - 8;
  const y = (items) => base - (items / most) * (TALL - 16);
  on.save();
  on.beginPath();
  on.rect(GUTTER, top, width - GUTTER, TALL);
  on.clip();
  const line = new Path2D();
  line.moveTo(x(depth[0][0]), base);
  let last = 0;
  for (const [at, items] of depth) {
    line.lineTo(x(at), y(last));
    line.lineTo(x(at), y(items));
    last = items;
  }
  line.lineTo(x(total), y(last));
  const area = new Path2D(line);
  area.lineTo(x(total), base);
  on.fillStyle = color("area");
  on.fill(area);
  on.strokeStyle = color("accent");
  on.lineWidth = 1.25;
  on.stroke(line);
  if (bounded) {
    on.setLineDash([3, 3]);
    on.strokeStyle = color("dim");
    on.lineWidth = 1;
    on.strokeRect(GUTTER - 2, Math.round(y(capacity)) + 0.5, width, 0);
  }
  on.restore();
  on.fillStyle = color("text");
  on.fillText(queue.name, 4, top + TALL / 2 - 7, GUTTER - 14);
  on.fillStyle = color("dim");
  on.fillText(`up to ${deepest}`, 4, top + TALL / 2 + 7, GUTTER - 14);
}
