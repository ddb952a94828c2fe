// Layers: where the boxes of a graph stand. Each stands right of all that lead to it, and lines
// that are longer than one layer have a place in each that they cross.

/** Sweeps in which layers are put in order. */
const SWEEPS = 6;

/** Returns the layers of a graph: boxes by name, lines as pairs of names. */
function layered(boxes, lines) {
  const out = new Map(boxes.map((box) => [box, []]));
  for (const line of lines) out.get(line.from)?.push(line);
  markCircles(boxes, out);
  const depth = new Map();
  const into = new Map(boxes.map((box) => [box, []]));
  for (const line of lines) if (!line.back) into.get(line.to).push(line.from);
  const deep = (box) => {
    if (!depth.has(box)) depth.set(box, Math.max(-1, ...into.get(box).map(deep)) + 1);
    return depth.get(box);
  };
  boxes.forEach(deep);
  const layers = [];
  for (const box of boxes) (layers[depth.get(box)] ??= []).push({ box, near: [[], []] });
  const places = new Map(layers.flat().map((place) => [place.box, place]));
  for (const line of lines) if (!line.back) line.path = crossed(line, places, layers, depth);
  order(layers);
  return { layers, places };
}

/** Marks lines that lead back to a box which leads to them. */
function markCircles(boxes, out) {
  const state = new Map();
  const walk = (box) => {
    state.set(box, "open");
    for (const line of out.get(box)) {
      if (state.get(line.to) === "open") line.back = true;
      else if (!state.has(line.to)) walk(line.to);
    }
    state.set(box, "done");
  };
  for (const box of boxes) if (!state.has(box)) walk(box);
}

/** Gives a line a place in each layer that it crosses. */
function crossed(line, places, layers, depth) {
  const path = [places.get(line.from)];
  for (let layer = depth.get(line.from) + 1; layer < depth.get(line.to); layer++) {
    const place = { line, near: [[], []] };
    layers[layer].push(place);
    path.push(place);
  }
  path.push(places.get(line.to));
  path.slice(1).forEach((place, at) => {
    place.near[0].push(path[at]);
    path[at].near[1].push(place);
  });
  return path;
}

/** Orders each layer by the middle of its neighbours, forth and back. */
function order(layers) {
  const number = (layer) =>
    layer.forEach((place, at) => {
      place.at = at;
    });
  layers.forEach(number);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const side = sweep % 2;
    for (const layer of side ? [...layers].reverse() : layers) {
      const middle = ({ near, at }) => {
        const around = near[side];
        return around.length
          ? around.reduce((sum, place) => sum + place.at, 0) / around.length
          : at;
      };
      const middles = new Map(layer.map((place) => [place, middle(place)]));
      layer.sort((a, b) => middles.get(a) - middles.get(b));
      number(layer);
    }
  }
}
