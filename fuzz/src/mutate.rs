//! Mutations of good job files that keep most of their structure, so that what is behind the parser
//! is reached: tables, lines and values are cut, doubled, swapped, and odd pieces put in.

/// Good files to begin with.
const SEEDS: [&str; 9] = [
    include_str!("../../src/config/everything.toml"),
    include_str!("../../jobs/ci.toml"),
    include_str!("../../jobs/pipeline.toml"),
    include_str!("../../jobs/tutorial/command.toml"),
    include_str!("../../jobs/tutorial/pipe.toml"),
    include_str!("../../jobs/tutorial/pool.toml"),
    include_str!("../../jobs/tutorial/process.toml"),
    include_str!("../../jobs/tutorial/queue.toml"),
    include_str!("../../jobs/tutorial/stdin.toml"),
];

/// Values and pieces of syntax that a person or a program might put somewhere.
const ODD: [&str; 48] = [
    "0",
    "-1",
    "1e400",
    "nan",
    "-0.0",
    "9223372036854775807",
    "9223372036854775808",
    "0xFFFF_FFFF",
    "true",
    "1979-05-27T07:32:00Z",
    "[]",
    "{}",
    "[[]]",
    "[{}]",
    "\"\"",
    "''",
    "\"\\u0000\"",
    "\"\\u001b[2J\"",
    "\"\u{9b}31m\u{202e}\u{200b}\"",
    "\"{\"",
    "\"{{\"",
    "\"{item}\"",
    "\"{env.}\"",
    "\"{vars.x}{vars.root}\"",
    "\"{process.a.stdout}\"",
    "\"{matrix.}\"",
    "\"1s..0s\"",
    "\"1h1h\"",
    "\"99999999999999999999h\"",
    "\"0s\"",
    "\"1EiB\"",
    "\"cpus*99999\"",
    "\"0%\"",
    "\"0/s\"",
    "\"*{[\"",
    "\"../..\"",
    "\"/dev/null\"",
    "\"日本語\"",
    "\"\"\"\n\\\n x\"\"\"",
    "'''\r\n'''",
    "[1, # c\n2,\n]",
    "{ a = 1, }",
    "{ a = 1,\n# c\nb = 2 }",
    "# comment\n",
    "\n\n",
    "\r\n",
    "\t",
    ",",
];

/// Names of keys, so that one may stand in the place of another.
const KEYS: &str = include_str!("../keys.dict");

/// A source of choices that depends on nothing but its seed.
pub struct Choices(u64);

impl Choices {
    /// Begins with the seed that libFuzzer gives.
    pub fn new(seed: u32) -> Self {
        Self(u64::from(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Returns a number below a bound, which is above zero.
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % bound
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

/// Returns another text; what it was made of is mostly still there.
pub fn mutate(text: &str, choices: &mut Choices) -> String {
    let fresh = text.is_empty() || choices.below(64) == 0;
    let mut text = if fresh { choices.of(&SEEDS).to_owned() } else { text.to_owned() };
    for _ in 0..=choices.below(4) {
        text = match choices.below(8) {
            0 | 1 => values(&text, choices),
            2 => keys(&text, choices),
            3 => rearrange(&tables(&text), choices),
            4 | 5 => rearrange(&text.split_inclusive('\n').collect::<Vec<_>>(), choices),
            6 => odd(&text, choices),
            _ => transplant(&text, choices),
        };
    }
    text
}

/// Cuts a text before each line that opens a table.
fn tables(text: &str) -> Vec<&str> {
    let mut cuts: Vec<usize> = text.match_indices("\n[").map(|(at, _)| at + 1).collect();
    cuts.insert(0, 0);
    cuts.push(text.len());
    cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
}

/// Cuts one part out, doubles it, or swaps it with another.
fn rearrange(parts: &[&str], choices: &mut Choices) -> String {
    let mut parts = parts.to_vec();
    if parts.is_empty() {
        return String::new();
    }
    let (one, other) = (choices.below(parts.len()), choices.below(parts.len()));
    match choices.below(4) {
        0 => drop(parts.remove(one)),
        1 => parts.insert(other, parts[one]),
        _ => parts.swap(one, other),
    }
    parts.concat()
}

/// Gives a key another value: one of another key, or an odd one.
fn values(text: &str, choices: &mut Choices) -> String {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let given: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].contains(" = ")).collect();
    if given.is_empty() {
        return odd(text, choices);
    }
    let [one, other] = [0; 2].map(|_| given[choices.below(given.len())]);
    let value = match choices.below(2) {
        0 => choices.of(&ODD).to_owned(),
        _ => lines[other].split_once(" = ").map_or("", |(_, value)| value).to_owned(),
    };
    let key = lines[one].split(" = ").next().unwrap_or_default().to_owned();
    lines[one] = format!("{key} = {value}");
    lines.join("\n")
}

/// Gives a value another key.
fn keys(text: &str, choices: &mut Choices) -> String {
    let known: Vec<&str> = KEYS.lines().filter_map(|line| line.split('"').nth(1)).collect();
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let given: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].contains(" = ")).collect();
    if let Some(line) = (!given.is_empty()).then(|| given[choices.below(given.len())]) {
        let value = lines[line].split_once(" = ").map_or("", |(_, value)| value).to_owned();
        let dot =
            if choices.below(4) == 0 { format!(".{}", choices.of(&known)) } else { String::new() };
        lines[line] = format!("{}{dot} = {value}", choices.of(&known));
    }
    lines.join("\n")
}

/// Puts an odd piece somewhere.
fn odd(text: &str, choices: &mut Choices) -> String {
    let at = text.floor_char_boundary(choices.below(text.len() + 1));
    let (before, after) = text.split_at(at);
    format!("{before}{}{after}", choices.of(&ODD))
}

/// Puts a table of a good file somewhere between the tables.
fn transplant(text: &str, choices: &mut Choices) -> String {
    let donor = tables(choices.of(&SEEDS));
    let graft = donor[choices.below(donor.len())];
    let mut parts = tables(text);
    parts.insert(choices.below(parts.len() + 1), graft);
    parts.concat()
}
