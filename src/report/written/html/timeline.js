// Timeline: every attempt in the lane of its pool slot. What is out of sight is not drawn.

/** Columns that the names of lanes take. */
const GUTTER = 96;

/** Rows of the ruler. */
const RULER = 24;

/** The part of time that is in sight, in microseconds; the depths of queues follow it. */
const view = { from: 0, to: total, heard: [] };

/** Steps of a ruler, in microseconds. */
const STEPS = [1, 2, 5]
  .flatMap((one) => [0, 1, 2, 3, 4, 5, 6].map((zeros) => one * 10 ** zeros))
  .concat([10e6, 15e6, 30e6, 60e6, 120e6, 300e6, 600e6, 1800e6, 3600e6, 7200e6, 21600e6, 86400e6])
  .sort((a, b) => a - b);

/** Returns the colours of the page as they are now. */
function palette() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

/** Sizes a canvas to its place and returns what draws on it. */
function context(canvas, width, height) {
  const scale = devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const on = canvas.getContext("2d");
  on.scale(scale, scale);
  on.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  on.textBaseline = "middle";
  return on;
}

/** Draws lines for round times; returns nothing. */
function drawRuler(on, { width, height, color, x, labels }) {
  const least = ((view.to - view.from) * 90) / Math.max(1, width - GUTTER);
  const step = STEPS.find((step) => step >= least) ?? STEPS.at(-1);
  for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) {
    const left = Math.round(x(at)) + 0.5;
    on.fillStyle = color("line");
    on.fillRect(left - 0.5, labels ? RULER - 6 : 0, 1, height);
    on.fillStyle = color("dim");
    if (labels && left + 40 < width)
      on.fillText(step < 1000 ? `${at}µs` : tick(at, step), left + 4, RULER / 2);
  }
}

/** Says a time as finely as its ruler needs. */
function tick(micros, step) {
  if (step < 1e6 && micros >= 1e6) return `${(micros / 1e6).toFixed(step < 1e5 ? 3 : 1)}s`;
  return micros === 0 ? "0" : took(micros).replace(".0s", "s").replace(/m00s$/, "m");
}

/** Slots with their attempts in the order of time; none reaches into the next one. */
function makeLanes() {
  const known = new Map();
  for (const attempt of attempts) {
    const key = `${attempt.pool} ${attempt.slot}`;
    if (!known.has(key)) known.set(key, { pool: attempt.pool, slot: attempt.slot, bars: [] });
    known.get(key).bars.push(attempt);
  }
  const lanes = [...known.values()].sort((a, b) => a.pool - b.pool || a.slot - b.slot);
  for (const [index, lane] of lanes.entries()) {
    lane.bars.sort((a, b) => a.start - b.start);
    lane.bars.forEach((bar, at) => {
      const end = bar.start + bar.took;
      Object.assign(bar, { lane: index, at, end: Math.min(end, lane.bars[at + 1]?.start ?? end) });
    });
  }
  return lanes;
}

const timeline = {
  lanes: [],
  zoom: 1,
  chosen: null,
  over: null,
  drag: null,
  height: 22,
  tint: "outcome",
};

function beginTimeline() {
  if (!attempts.length) return;
  $("timeline").hidden = false;
  timeline.lanes = makeLanes();
  timeline.height = timeline.lanes.length > 100 ? 10 : timeline.lanes.length > 24 ? 15 : 22;
  const [box, canvas] = [$("lanes"), $("lanes").lastElementChild];
  Object.assign(timeline, { box, canvas, spacer: box.firstElementChild });
  const whole = RULER + timeline.lanes.length * timeline.height + 6;
  timeline.spacer.style.height = `${whole}px`;
  box.style.height = `${Math.min(whole, 460) + 14}px`;
  if (run.queues.length) timeline.tint = "process";
  $("colors").value = timeline.tint;
  $("colors").addEventListener("change", () => {
    timeline.tint = $("colors").value;
    drawLegend();
    soon();
  });
  $("in").addEventListener("click", () => zoomTo(timeline.zoom * 2));
  $("out").addEventListener("click", () => zoomTo(timeline.zoom / 2));
  $("whole").addEventListener("click", () => zoomTo(1));
  box.addEventListener("scroll", soon);
  box.addEventListener("wheel", wheel, { passive: false });
  canvas.addEventListener("keydown", key);
  beginPointer(canvas);
  new ResizeObserver(() => zoomTo(timeline.zoom)).observe(box);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    drawLegend();
    soon();
  });
  filter.heard.push(soon);
  drawLegend();
}

let waiting = false;

/** Draws once, however often it is asked for before the next picture. */
function soon() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    draw();
    for (const hear of view.heard) hear();
  });
}

const plot = () => Math.max(50, timeline.box.clientWidth - GUTTER);
const toX = (at) => GUTTER + ((at - view.from) / (view.to - view.from)) * plot();
const toTime = (x) => view.from + ((x - GUTTER) / plot()) * (view.to - view.from);

/** Zooms, so that a time stays where it is. */
function zoomTo(zoom, around = (view.from + view.to) / 2) {
  const most = Math.max(1, Math.min(total / 20, 1e7 / plot()));
  const place = (around - view.from) / (view.to - view.from);
  timeline.zoom = Math.min(most, Math.max(1, zoom));
  timeline.spacer.style.width = `${GUTTER + plot() * timeline.zoom}px`;
  const from = around - (place * total) / timeline.zoom;
  timeline.box.scrollLeft = (from / total) * plot() * timeline.zoom;
  soon();
}

/** Shows the time between two. */
function zoomBetween(from, to) {
  timeline.zoom = 1;
  [view.from, view.to] = [0, total];
  zoomTo(total / Math.max(1, to - from), 0);
  timeline.box.scrollLeft = (from / total) * plot() * timeline.zoom;
  soon();
}

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
  const first = Math.floor(box.scrollTop / timeline.height);
  for (let index = first; index < lanes.length; index++) {
    const top = RULER + index * timeline.height - box.scrollTop;
    if (top > height) break;
    drawLane(on, lanes[index], { top, width, color });
  }
  on.fillStyle = color("ground");
  on.fillRect(0, 0, width, RULER);
  drawRuler(on, { width, height, color, x: toX, labels: true });
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
    on.globalAlpha = isFiltered() && !isWantedAttempt(bar) ? 0.15 : 1;
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

/** Returns the attempt at a place, or the one that is nearest within a few columns. */
function barAt(x, y) {
  const lane = timeline.lanes[Math.floor((y - RULER + timeline.box.scrollTop) / timeline.height)];
  if (!lane || y < RULER || x < GUTTER) return null;
  const near = (bar) => bar && toX(bar.start) - 3 <= x && toX(bar.end) + 3 >= x;
  const at = firstAfter(lane.bars, toTime(x));
  return [lane.bars[at], lane.bars[at - 1]].find(near) ?? null;
}

function say(bar) {
  $("tip").textContent = bar
    ? [
        bar.node.name,
        bar.item,
        ended(bar),
        took(bar.took),
        `at ${took(bar.start)}`,
        `slot ${laneName(bar)}`,
      ]
        .filter(Boolean)
        .join(" · ")
    : "";
}

function wheel(event) {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  const x = event.clientX - timeline.canvas.getBoundingClientRect().left;
  zoomTo(timeline.zoom * Math.exp(-event.deltaY / 200), toTime(Math.max(GUTTER, x)));
}

/** A press on a bar opens it; a drag shows the time that it went over. */
function beginPointer(canvas) {
  const place = (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    const [x] = place(event);
    timeline.drag = { from: Math.max(GUTTER, x), to: x, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    const { drag } = timeline;
    if (drag) {
      drag.to = Math.max(GUTTER, x);
      drag.moved ||= Math.abs(drag.to - drag.from) > 4;
    }
    const over = drag?.moved ? null : barAt(x, y);
    if (over !== timeline.over) say(over ?? timeline.chosen);
    timeline.over = over;
    canvas.style.cursor = over ? "pointer" : "crosshair";
    soon();
  });
  canvas.addEventListener("pointerleave", () => {
    timeline.over = null;
    say(timeline.chosen);
    soon();
  });
  canvas.addEventListener("pointercancel", () => {
    timeline.drag = null;
    soon();
  });
  canvas.addEventListener("click", (event) => {
    const { drag } = timeline;
    timeline.drag = null;
    if (drag?.moved)
      return zoomBetween(...[toTime(drag.from), toTime(drag.to)].sort((a, b) => a - b));
    const bar = barAt(...place(event));
    if (bar) {
      choose(bar);
      openNode(bar.node, bar);
    }
  });
  canvas.addEventListener("dblclick", (event) =>
    zoomTo(timeline.zoom * 3, toTime(place(event)[0])),
  );
}

/** Makes an attempt the chosen one, and brings it into sight. */
function choose(bar) {
  if (!bar) return;
  timeline.chosen = bar;
  const { box, height, zoom } = timeline;
  if (bar.end < view.from || bar.start > view.to) {
    box.scrollLeft = ((bar.start - total / zoom / 3) / total) * plot() * zoom;
  }
  const top = bar.lane * height;
  if (top < box.scrollTop) box.scrollTop = top;
  if (top + height + RULER > box.scrollTop + box.clientHeight)
    box.scrollTop = top + height + RULER - box.clientHeight;
  say(bar);
  soon();
}

/** Returns the attempt that an arrow leads to. */
function next(bar, arrow) {
  if (!bar)
    return timeline.lanes
      .flatMap((lane) => lane.bars.slice(0, 1))
      .sort((a, b) => a.start - b.start)[0];
  const bars = timeline.lanes[bar.lane].bars;
  if (arrow === "ArrowRight") return bars[bar.at + 1];
  if (arrow === "ArrowLeft") return bars[bar.at - 1];
  const lane = timeline.lanes[bar.lane + (arrow === "ArrowDown" ? 1 : -1)];
  return lane?.bars[Math.min(firstAfter(lane.bars, bar.start), lane.bars.length - 1)];
}

function key(event) {
  const { chosen, zoom } = timeline;
  const around =
    chosen && chosen.start <= view.to && chosen.end >= view.from
      ? (chosen.start + chosen.end) / 2
      : undefined;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key.startsWith("Arrow")) choose(next(chosen, event.key));
  else if (event.key === "+" || event.key === "=") zoomTo(zoom * 2, around);
  else if (event.key === "-") zoomTo(zoom / 2, around);
  else if (event.key === "0") zoomTo(1);
  else if ((event.key === "Enter" || event.key === " ") && chosen) openNode(chosen.node, chosen);
  else return;
  event.preventDefault();
}

/** Says what colours mean. */
function drawLegend() {
  const entry = (name, text) => make("li", {}, make("i", { class: name }), text);
  const verdicts = [...new Set(attempts.map((attempt) => attempt.verdict))];
  const order = [...outcomes.keys()];
  verdicts.sort((a, b) => order.indexOf(a) - order.indexOf(b));
  const by = timeline.tint === "process";
  const entries = verdicts
    .filter((verdict) => !by || verdict !== "passed")
    .map((verdict) => entry(verdict, outcomes.get(verdict).said));
  const names = by
    ? run.processes.slice(0, 24).map(({ name }, at) => entry(`tint${at % 8}`, name))
    : [];
  $("legend").replaceChildren(...names, ...entries);
}
