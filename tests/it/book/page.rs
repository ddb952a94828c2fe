//! Page: a page, cut into what a session does.
//!
//! A block of `toml` is a job file. Its name is its first line, `# words.toml`, else `job.toml`. A
//! block of `console` is what is typed and what is said. A comment, which nobody sees, may stand
//! above:
//!
//! - `<!-- before: … -->`: lines for a shell, which make what the next blocks need;
//! - `<!-- exits 1 -->`: the next job ends with this exit code;
//! - `<!-- validated: why -->`: the next job is not run;
//! - `<!-- shown: why -->`: the next block is neither a job file nor typed.
//!
//! Unaware of what comes of it.

/// A page.
#[derive(Debug)]
pub(super) struct Page {
    /// Its path in the repository.
    pub(super) path: String,
    /// What a session does, in order.
    pub(super) steps: Vec<Step>,
}

/// Something on a page.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// Lines for a shell.
    Before(String),
    /// A job file.
    Job { name: String, text: String, then: Then },
    /// What is typed, and what is said to it.
    Console(String),
}

/// What becomes of a job file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Then {
    /// It is run, by the page itself or at once, and ends with this exit code.
    Run(i32),
    /// It is not run.
    Validated,
    /// It is no job file, or nothing that can be typed.
    Shown,
}

impl Page {
    /// Reads a page of the repository.
    pub(super) fn read(path: &str) -> Self {
        Self { path: path.to_owned(), steps: steps(&super::text(path)) }
    }
}

/// Cuts the text of a page into steps.
fn steps(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut then = Then::Run(0);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(comment) = line.strip_prefix("<!--") {
            let mut said = comment.to_owned();
            while !said.contains("-->") {
                said = said + "\n" + lines.next().expect("the end of the comment");
            }
            let said = said.split("-->").next().unwrap_or_default().trim();
            match said.split_once([':', ' ']) {
                Some(("before", script)) => steps.push(Step::Before(script.to_owned())),
                Some(("exits", code)) => then = Then::Run(code.parse().expect("an exit code")),
                Some(("validated", why)) if !why.is_empty() => then = Then::Validated,
                Some(("shown", why)) if !why.is_empty() => then = Then::Shown,
                _ => panic!("`{said}` is no order"),
            }
        } else if let Some(language) = line.strip_prefix("```") {
            let block = lines.by_ref().take_while(|line| *line != "```");
            let block: String = block.flat_map(|line| [line, "\n"]).collect();
            let then = std::mem::replace(&mut then, Then::Run(0));
            match (language, then) {
                (_, Then::Shown) => {}
                ("toml", then) => steps.push(job(block, then)),
                ("console", _) => steps.push(Step::Console(block)),
                _ => {}
            }
        }
    }
    steps
}

/// Returns the step of a job file.
fn job(text: String, then: Then) -> Step {
    let first = text.lines().next().unwrap_or_default();
    let named = first.strip_prefix("# ").filter(|name| {
        let has_end = std::path::Path::new(name).extension() == Some("toml".as_ref());
        has_end && !name.contains(' ')
    });
    let name = named.unwrap_or("job.toml").to_owned();
    Step::Job { name, text, then }
}

#[test]
fn a_page_is_cut_into_steps() {
    let text = "# Title\n<!-- before: touch a\n  touch b -->\n```toml\n# a.toml\nx\n```\n\
                <!-- exits 1 -->\n```toml\ny\n```\n\
                <!-- shown: of another tool -->\n```toml\nz\n```\n\
                ```console\n$ runner\n```\n```sh\nrm\n```\n";
    let job = |name: &str, text: &str, then| Step::Job {
        name: name.to_owned(),
        text: text.to_owned(),
        then,
    };
    let expected = [
        Step::Before(" touch a\n  touch b".to_owned()),
        job("a.toml", "# a.toml\nx\n", Then::Run(0)),
        job("job.toml", "y\n", Then::Run(1)),
        Step::Console("$ runner\n".to_owned()),
    ];
    assert_eq!(steps(text), expected);
}
