// Ansi: colours of a log. The runner has left nothing in it but colours; they become elements.

/** Makes the text of a log, with its colours. */
function colored(text) {
  const made = document.createDocumentFragment();
  let look = {};
  for (const [index, piece] of text.split(/\x1b\[([0-9;:]*)m/).entries()) {
    if (index % 2) look = styled(look, piece);
    else if (piece) made.append(Object.keys(look).length ? spelled(piece, look) : piece);
  }
  return made;
}

/** Returns a look after the parameters of one sequence. */
function styled(look, parameters) {
  const next = { ...look };
  const codes = parameters.split(";").map((code) => (code ? code : "0"));
  for (let at = 0; at < codes.length; at++) {
    const [first, ...inner] = codes[at].split(":").map(Number);
    if (first === 38 || first === 48 || first === 58) {
      const rest = inner.length ? inner : codes.slice(at + 1).map(Number);
      if (!inner.length) at += rest[0] === 5 ? 2 : rest[0] === 2 ? 4 : 0;
      const color = wide(rest);
      if (color && first !== 58) next[first === 38 ? "fore" : "back"] = color;
    } else if (first === 0) for (const key of Object.keys(next)) delete next[key];
    else if (first >= 30 && first <= 37) next.fore = first - 30;
    else if (first >= 90 && first <= 97) next.fore = first - 82;
    else if (first >= 40 && first <= 47) next.back = first - 40;
    else if (first >= 100 && first <= 107) next.back = first - 92;
    else if (first === 39) delete next.fore;
    else if (first === 49) delete next.back;
    else if (first === 22) {
      delete next.bold;
      delete next.dim;
    } else if (MARKS[first]) next[MARKS[first]] = true;
    else if (MARKS[first - 20]) delete next[MARKS[first - 20]];
  }
  return next;
}

const MARKS = { 1: "bold", 2: "dim", 3: "italic", 4: "under", 7: "inverse", 9: "through" };

/** Returns a colour of the 256, as its number or its value, or a true colour. */
function wide([kind, ...values]) {
  if (kind === 2) {
    const [red, green, blue] = values.slice(values.length > 3 ? -3 : 0);
    return `rgb(${red} ${green} ${blue})`;
  }
  const [number] = values;
  if (kind !== 5 || !(number >= 0 && number < 256)) return null;
  if (number < 16) return number;
  if (number >= 232)
    return `rgb(${Array(3)
      .fill(8 + (number - 232) * 10)
      .join(" ")})`;
  const level = (part) => (part ? part * 40 + 55 : 0);
  const cube = number - 16;
  const steps = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6];
  return `rgb(${steps.map(level).join(" ")})`;
}

/** Makes a piece of text that looks so. */
function spelled(text, look) {
  const marks = Object.values(MARKS).filter((mark) => look[mark]);
  const span = make("span", {}, text);
  for (const [side, letter] of [
    ["fore", "f"],
    ["back", "b"],
  ]) {
    const color = look[side];
    if (typeof color === "number") marks.push(letter + color);
    else if (color) span.style[side === "fore" ? "color" : "backgroundColor"] = color;
  }
  if (marks.length) span.className = marks.join(" ");
  return span;
}
