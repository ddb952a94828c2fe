//! Project: what a folder of sources is checked with, known by the files that lie in it.
//!
//! Only what is configured there is proposed, so that what is written works where the tools are.
//! Unaware of how files are read.

use serde_json::Value;

use super::ledger::Ledger;
use super::make;
use super::sheet::Process;

/// Scripts of a package that check something, in the order in which they are proposed.
const SCRIPTS: [&str; 9] = [
    "format:check",
    "fmt:check",
    "lint",
    "typecheck",
    "type-check",
    "check",
    "test",
    "build",
    "test:unit",
];

/// Targets of a Makefile that check something, likewise.
const TARGETS: [&str; 8] =
    ["fmt-check", "format-check", "lint", "check", "typecheck", "test", "tests", "build"];

/// Managers of packages, the file that each locks versions in, and how it installs just those.
const MANAGERS: [(&str, &str, &str); 5] = [
    ("pnpm", "pnpm-lock.yaml", "pnpm install --frozen-lockfile"),
    ("yarn", "yarn.lock", "yarn install --frozen-lockfile"),
    ("bun", "bun.lock", "bun install --frozen-lockfile"),
    ("bun", "bun.lockb", "bun install --frozen-lockfile"),
    ("npm", "package-lock.json", "npm ci"),
];

/// Reads a file of the folder, if it is there.
pub type Read<'r> = &'r dyn Fn(&str) -> Option<String>;

/// What one tool has to check.
#[derive(Debug)]
pub(super) struct Part {
    /// The tool.
    pub(super) name: &'static str,
    /// Tables before its processes.
    pub(super) tables: &'static [&'static str],
    /// Its processes.
    pub(super) processes: Vec<Process>,
}

/// Returns what is found in a folder.
pub(super) fn parts(read: Read<'_>) -> Vec<Part> {
    let found = [cargo(read), package(read), python(read), go(read), targets(read)];
    found.into_iter().flatten().filter(|part| !part.processes.is_empty()).collect()
}

fn cargo(read: Read<'_>) -> Option<Part> {
    let manifest = read("Cargo.toml")?;
    let workspace = manifest.contains("[workspace]").then_some("--workspace");
    let locked = read("Cargo.lock").map(|_| "--locked");
    let cargo = |word: &'static str| ["cargo", word].into_iter().chain(workspace).chain(locked);
    let fmt = ["cargo", "fmt"].into_iter().chain(workspace.map(|_| "--all")).chain(["--check"]);
    let clippy = cargo("clippy").chain(["--all-targets", "--", "-D", "warnings"]);
    Some(Part {
        name: "cargo",
        tables: &[
            "# One at a time: they share a build folder, and each uses all CPUs by itself.",
            "[pool.cargo]",
            "size = 1",
        ],
        processes: vec![
            process("fmt", "The code is formatted", fmt),
            process("clippy", "No lint complains", clippy).pool("cargo"),
            process("test", "All tests pass", cargo("test")).pool("cargo"),
        ],
    })
}

fn package(read: Read<'_>) -> Option<Part> {
    let all: Value = serde_json::from_str(&read("package.json")?).ok()?;
    let manager = MANAGERS.iter().find(|(_, lock, _)| read(lock).is_some());
    let (manager, lock, install) = manager.copied().unwrap_or(("npm", "", "npm install"));
    let depends = ["dependencies", "devDependencies"].iter().any(|key| all[*key].is_object());
    let mut processes = Vec::new();
    if depends {
        // A lock that is newer than what was installed by it.
        let fresh = match lock {
            "package-lock.json" => "[ node_modules/.package-lock.json -nt package-lock.json ]",
            _ => "[ -d node_modules ]",
        };
        let script = format!("{fresh} || {install}");
        let about = "The packages are there";
        processes.push(Process { script: Some(script), ..process("install", about, []) });
    }
    for name in SCRIPTS {
        let script = all["scripts"][name].as_str();
        if script.is_some_and(|script| !script.contains("no test specified")) {
            let mut process =
                process(name, &format!("`{name}` of package.json"), [manager, "run", name]);
            process.needs.extend(depends.then(|| ("install".to_owned(), 0)));
            processes.push(process);
        }
    }
    let checks = processes.iter().any(|process| process.called != "install");
    checks.then_some(Part { name: "npm", tables: &[], processes })
}

fn python(read: Read<'_>) -> Option<Part> {
    let files = ["pyproject.toml", "setup.cfg", "requirements.txt", "setup.py"];
    let texts: Vec<String> = files.iter().filter_map(|name| read(name)).collect();
    if texts.is_empty() {
        return None;
    }
    let says = |word: &str| texts.iter().any(|text| text.contains(word));
    let has = |names: &[&str]| names.iter().any(|name| read(name).is_some());
    let prefix: &[&str] = match () {
        () if has(&["uv.lock"]) => &["uv", "run"],
        () if has(&["poetry.lock"]) || says("[tool.poetry") => &["poetry", "run"],
        () if has(&["pdm.lock"]) => &["pdm", "run"],
        () => &["python3", "-m"],
    };
    let tool = |name, about, words: &[&'static str]| {
        process(name, about, prefix.iter().chain(words).copied())
    };
    let mut processes = Vec::new();
    if says("[tool.ruff") || has(&["ruff.toml", ".ruff.toml"]) {
        processes.push(tool("ruff", "No lint complains", &["ruff", "check", "."]));
    }
    if says("[tool.black") {
        processes.push(tool("black", "The code is formatted", &["black", "--check", "."]));
    }
    if says("[tool.mypy") || has(&["mypy.ini", ".mypy.ini"]) {
        processes.push(tool("mypy", "The types fit", &["mypy", "."]));
    }
    if says("pytest") || has(&["pytest.ini", "conftest.py", "tests/conftest.py"]) {
        processes.push(tool("test", "All tests pass", &["pytest"]));
    } else {
        let words = ["python3", "-m", "unittest", "discover"];
        let words = prefix.iter().filter(|_| prefix[0] != "python3").copied().chain(words);
        processes.push(process("test", "All tests pass", words));
    }
    Some(Part { name: "python", tables: &[], processes })
}

fn go(read: Read<'_>) -> Option<Part> {
    read("go.mod")?;
    let fmt = "if gofmt -l . | grep .; then exit 1; fi".to_owned();
    Some(Part {
        name: "go",
        tables: &[],
        processes: vec![
            Process { script: Some(fmt), ..process("fmt", "The code is formatted", []) },
            process("vet", "No lint complains", ["go", "vet", "./..."]),
            process("test", "All tests pass", ["go", "test", "./..."]),
        ],
    })
}

fn targets(read: Read<'_>) -> Option<Part> {
    let text = ["GNUmakefile", "makefile", "Makefile"].iter().find_map(|name| read(name))?;
    let sheet = make::read(&mut Ledger::new(&text));
    let known = |name: &&&str| sheet.processes.iter().any(|process| process.called == **name);
    let mut named: Vec<&str> = TARGETS.iter().filter(known).copied().collect();
    // Without any of them there is still what `make` alone does.
    let first = sheet.processes.first().map(|process| process.called.as_str());
    if named.is_empty() {
        named.extend(first);
    }
    let make = |name: &&str| process(name, &format!("`make {name}`"), ["make", name]);
    Some(Part { name: "make", tables: &[], processes: named.iter().map(make).collect() })
}

fn process<'w>(name: &str, about: &str, command: impl IntoIterator<Item = &'w str>) -> Process {
    Process {
        called: name.to_owned(),
        description: Some(about.to_owned()),
        command: command.into_iter().map(str::to_owned).collect(),
        ..Process::default()
    }
}
