// Ruler: canvases, their colours, and the lines of round times that all of them share.

/** Steps of a ruler, in microseconds. */
const STEPS = [1, 2, 5]
  .flatMap((one) => [0, 1, 2, 3, 4, 5, 6].map((zeros) => one * 10 ** zeros))
  .concat([10e6, 15e6, 30e6, 60e6, 120e6, 300e6, 600e6, 1800e6, 3600e6, 7200e6, 21600e6, 86400e6])
  .sort((a, b) => a - b);

/** Returns the colours of the page as they are now. */
function palette() {
  const style = getComputedStyle(document.documentElement);
  const known = new Map();
  return (name) => {
    if (!known.has(name)) known.set(name, style.getPropertyValue(`--${name}`).trim());
    return known.get(name);
  };
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

/** Returns the round times in sight, and what lies between two of them. */
function roundTimes(width) {
  const least = ((view.to - view.from) * 90) / Math.max(1, width - GUTTER);
  const step = STEPS.find((step) => step >= least) ?? STEPS.at(-1);
  const times = [];
  for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) times.push(at);
  return { times, step };
}

/** Draws lines for round times. */
function drawGrid(on, { width, height, color, x }) {
  on.fillStyle = color("line");
  for (const at of roundTimes(width).times) on.fillRect(Math.round(x(at)), 0, 1, height);
}

/** Writes round times above their lines. */
function drawTimes(on, { width, color, x }) {
  const { times, step } = roundTimes(width);
  for (const at of times) {
    const left = Math.round(x(at));
    on.fillStyle = color("line");
    on.fillRect(left, RULER - 7, 1, 7);
    on.fillStyle = color("dim");
    if (left + 40 < width) on.fillText(tick(at, step), left + 4, RULER / 2);
  }
}

/** Says a time as finely as its ruler needs. */
function tick(micros, step) {
  if (step < 1e3) return `${(micros / 1e3).toFixed(2)}ms`;
  if (step < 1e6 && micros >= 1e6) {
    return `${(micros / 1e6).toFixed(step < 1e4 ? 3 : step < 1e5 ? 2 : 1)}s`;
  }
  return micros === 0 ? "0" : took(micros).replace(".0s", "s").replace(/m00s$/, "m");
}
