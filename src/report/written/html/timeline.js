// Timeline: every attempt in the lane of its pool slot, and the part of time that is in sight.

/** Columns that the names of lanes take. */
const GUTTER = 96;

/** Rows of the ruler. */
const RULER = 24;

/** Rows that the timeline takes at most; beyond them it scrolls. */
const TALLEST = 460;

/** Processes whose colours are told. */
const TOLD = 24;

/** The part of time that is in sight, in microseconds; the depths of queues follow it. */
const view = { from: 0, to: total, heard: [] };

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
  timeline.whole = RULER + timeline.lanes.length * timeline.height + 4;
  timeline.spacer.style.height = `${timeline.whole}px`;
  if (run.queues.length && run.processes.length <= TOLD) timeline.tint = "process";
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
  const { box, whole } = timeline;
  box.style.height = `${Math.min(whole, TALLEST) + box.offsetHeight - box.clientHeight}px`;
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
    ? run.processes.slice(0, TOLD).map(({ name }, at) => entry(`tint${at % 8}`, name))
    : [];
  $("legend").replaceChildren(...names, ...entries);
}
