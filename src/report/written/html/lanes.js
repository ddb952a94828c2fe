// Lanes: the picture of the timeline. What is out of sight is not drawn, and what falls into a
// column that is taken neither.

/** The colour of a bar, by name. */
function tintOf(bar) {
  if (timeline.tint === "outcome" || bar.verdict !== "passed") return bar.verdict;
  return `tint${bar.node.of % 8}`;
}

/** The place of the first bar in a lane that ends after a time. */
function firstAfter(bars, time) {
  let [low, high] = [0, bars.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bars[middle].end < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function draw() {
  const { box, canvas, lanes, zoom } = timeline;
  const [width, height] = [box.clientWidth, box.clientHeight];
  view.from = (box.scrollLeft / (plot() * zoom)) * total;
  view.to = view.from + total / zoom;
  const [on, color] = [context(canvas, width, height), palette()];
  on.fillStyle = color("ground");
  on.fillRect(0, 0, width, height);
  drawGrid(on, { width, height, color, x: toX });
  const first = Math.floor(box.scrollTop / timeline.height);
  for (let index = first; index < lanes.length; index++) {
    const top = RULER + index * timeline.height - box.scrollTop;
    if (top > height) break;
    drawLane(on, lanes[index], { top, width, color });
  }
  on.fillStyle = color("ground");
  on.fillRect(0, 0, width, RULER);
  drawTimes(on, { width, color, x: toX });
  on.fillStyle = color("ground");
  on.fillRect(0, 0, GUTTER, height);
  for (let index = first; index < lanes.length; index++) {
    const top = RULER + index * timeline.height - box.scrollTop;
    if (top > height) break;
    drawName(on, index, top, color);
  }
  on.fillRect(0, 0, GUTTER, RULER);
  drawMarks(on, { height, color });
}

function drawName(on, index, top, color) {
  const { pool, slot } = timeline.lanes[index];
  const step = timeline.height < 15 ? 5 : 1;
  const leads = timeline.lanes[index - 1]?.pool !== pool;
  if (leads) {
    on.fillStyle = color("text");
    on.fillText(run.pools[pool]?.name ?? "", 4, top + timeline.height / 2, GUTTER - 34);
  }
  on.fillStyle = color("dim");
  on.textAlign = "right";
  if (leads || slot % step === 0) on.fillText(String(slot), GUTTER - 8, top + timeline.height / 2);
  on.textAlign = "left";
  on.fillStyle = color("ground");
}

function drawLane(on, lane, { top, width, color }) {
  const gap = timeline.height < 15 ? 1 : 2;
  const tall = timeline.height - gap;
  let reached = -1;
  for (let at = firstAfter(lane.bars, view.from); at < lane.bars.length; at++) {
    const bar = lane.bars[at];
    if (bar.start > view.to) break;
    const left = Math.max(GUTTER - 2, toX(bar.start));
    const right = Math.min(width + 2, toX(bar.end));
    const bad = bar.verdict !== "passed";
    // What falls into a column that is taken changes nothing, unless it failed.
    if (right <= reached && !bad) continue;
    const wide = Math.max(bad ? 2 : 1, right - left - (right - left > 3 ? 1 : 0));
    on.globalAlpha = bar.wanted ? 1 : 0.15;
    on.fillStyle = color(tintOf(bar));
    on.fillRect(left, top, wide, tall);
    reached = Math.max(reached, Math.floor(left) + 1, left + wide);
    if (wide > 30 && tall > 12) drawLabel(on, bar, { left, top, wide, tall, color });
  }
  on.globalAlpha = 1;
}

function drawLabel(on, bar, { left, top, wide, tall, color }) {
  const from = Math.max(left, GUTTER) + 5;
  const room = left + wide - from - 5;
  if (room < 18) return;
  const text = bar.item ? `${bar.node.name} ${bar.item}` : bar.node.name;
  on.save();
  on.beginPath();
  on.rect(from, top, room, tall);
  on.clip();
  on.fillStyle = color("on-bar");
  on.fillText(text, from, top + tall / 2 + 0.5);
  on.restore();
}

/** Draws what the pointer and the keys are at, and the time that is being chosen. */
function drawMarks(on, { height, color }) {
  for (const bar of [timeline.over, timeline.chosen]) {
    if (!bar) continue;
    const top = RULER + bar.lane * timeline.height - timeline.box.scrollTop;
    const left = Math.max(GUTTER, toX(bar.start));
    on.strokeStyle = color("text");
    on.lineWidth = bar === timeline.chosen ? 2 : 1;
    if (toX(bar.end) >= GUTTER && top >= RULER - 1)
      on.strokeRect(left - 0.5, top - 0.5, Math.max(2, toX(bar.end) - left), timeline.height - 1);
  }
  if (timeline.drag?.moved) {
    const { from, to } = timeline.drag;
    on.fillStyle = color("choice");
    on.fillRect(Math.min(from, to), 0, Math.abs(to - from), height);
  }
}
