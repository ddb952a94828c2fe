// Hand: what the pointer and the keys do with the timeline.

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
