//! Security: what others on the machine must not see (X).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::harness::{Ran, Test};

/// Calls something with every file and folder below a folder, and its mode.
fn each(folder: &Path, see: &mut impl FnMut(&Path, u32)) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let status = fs::symlink_metadata(&path).expect("its status");
        if !status.is_symlink() {
            see(&path, status.permissions().mode() & 0o777);
        }
        if status.is_dir() {
            each(&path, see);
        }
    }
}

#[test]
fn x09_what_a_run_leaves_is_for_its_owner_only() {
    let job = r#"
limits.on-failure = "continue"

[queue.numbers]
items = { range = [0, 9] }
capacity-bytes = "1B"
on-full = "spill"

[process.say]
consumes = "numbers"
script = "echo {item}; head -c 100000 /dev/zero >&2; [ {item} != 3 ]"
workers = 4

[process.touch]
script = "umask; touch made"
"#;
    let ran = Test::new()
        .job(job)
        .through(["sh", "-c", "umask 022; exec \"$@\"", "sh"])
        .args(["job.toml", "--output", "quiet"])
        .run()
        .exits(1);
    let mut seen = 0;
    each(&ran.path(".runner"), &mut |path, mode| {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{}\n{ran}", path.display());
        seen += 1;
    });
    assert!(seen > 8, "{seen}");
    let of_child = fs::metadata(ran.path("made")).expect("a file").permissions().mode();
    assert_eq!(of_child & 0o777, 0o644, "a child keeps the mask of its user");
}

/// A secret that looks different in JSON, in an address and in base64.
const SECRET: &str = "pa/ss \"w+rd\" é\\?";

/// Everything that a run has written: what it said, and every file it left.
fn written(ran: &Ran) -> Vec<(String, Vec<u8>)> {
    let mut all = vec![
        ("stdout".to_owned(), ran.stdout.clone().into_bytes()),
        ("stderr".to_owned(), ran.stderr.clone().into_bytes()),
    ];
    let state = ran.path(".runner");
    each(&state, &mut |path, _| {
        if path.is_file() {
            let name = path.to_string_lossy().into_owned();
            all.push((name, fs::read(path).expect("a file")));
        }
    });
    all
}

/// Returns what a text is in each of the forms that programs write.
fn forms(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).expect("JSON");
    let ascii = json.replace('é', "\\u00e9");
    let percent = |upper: bool| {
        let byte = |byte: &u8| match byte {
            b'a'..=b'z' => char::from(*byte).to_string(),
            byte if upper => format!("%{byte:02X}"),
            byte => format!("%{byte:02x}"),
        };
        secret.as_bytes().iter().map(byte).collect::<String>()
    };
    let mut forms = vec![
        secret.to_owned(),
        json.trim_matches('"').to_owned(),
        ascii.trim_matches('"').to_owned(),
        percent(true),
        percent(false),
        percent(true).replace("%20", "+"),
    ];
    for before in ["", "x", "xy"] {
        let text = format!("{before}{secret}");
        let whole = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, text);
        let end = 8 * (before.len() + secret.len()) / 6;
        let known = &whole[(8 * before.len()).div_ceil(6)..end];
        forms.push(known.to_owned());
        forms.push(known.replace('+', "-").replace('/', "_"));
    }
    forms
}

/// A job that says a secret wherever a child, an item or a worker can.
const TALKATIVE: &str = r#"
secrets = ["TOKEN", "PER_CELL", "LENT", "UNSET"]
env-file = "secrets.env"
limits.on-failure = "continue"

[pool.lends]
slots = [{ LENT = "lent-secret" }]

[queue.said]

[process.say]
script = '''
cat forms; printf "split: %s" "${TOKEN%ss*}"; printf "%s\n" "${TOKEN#"${TOKEN%ss*}"}"
cat forms >&2
'''

[process.cells]
matrix.n = [1, 2]
env = { PER_CELL = "cell-{matrix.n}-secret" }
script = 'echo "$PER_CELL"; exit 3'

[process.borrow]
pool = "lends"
script = 'echo "$LENT"; exit 4'

[process.make]
produces = "said"
script = 'printf "%s\n" "$TOKEN" "an item with $TOKEN inside"'

[process.fail]
consumes = "said"
script = 'echo {item} >&2; exit 5'

[process.reads]
stdin = { process = "say" }
script = 'cat > copy'

[process.given]
needs = ["say"]
env = { GIVEN = "{process.short.stdout}" }
script = 'printf "%s" "$GIVEN" > given'

[process.short]
script = 'printf "%s" "$TOKEN"'

[process.gone]
script = 'exec "./$TOKEN"'
"#;

#[test]
fn x05_no_secret_stands_in_anything_that_is_written() {
    let forms = forms(SECRET);
    let said = forms.join("\n");
    for mode in ["plain", "group", "quiet", "json"] {
        let env = format!("TOKEN='{SECRET}'\n");
        let ran = Test::new().job(TALKATIVE).file("secrets.env", env).file("forms", &said);
        let ran = ran.args(["job.toml", "--output", mode]).run().exits(1);
        for (name, bytes) in written(&ran) {
            let text = String::from_utf8_lossy(&bytes);
            let others = ["cell-1-secret", "cell-2-secret", "lent-secret"].map(str::to_owned);
            for form in forms.iter().chain(&others) {
                let place = text.find(form.as_str());
                // The folder of the run keeps dead items as they are, to be tried again.
                let kept = place.is_some_and(|at| {
                    let line = text[..at].rfind('\n').map_or(0, |start| start + 1);
                    name.ends_with("events.jsonl") && text[line..at].contains("\"exact\":")
                });
                assert!(place.is_none() || kept, "{form} stands in {name} ({mode})\n{text}");
            }
        }
        assert!(ran.read("copy").starts_with(&said), "what others read is not damaged\n{ran}");
        assert_eq!(ran.read("given"), SECRET, "nor what stands in a placeholder");
        let log = ran.run_folder(".runner").join("logs/say.out");
        let log = fs::read_to_string(log).expect("the log");
        assert!(log.starts_with("***\n***\n") && log.ends_with("split: ***\n"), "{log}");
    }
}

#[test]
fn x05_a_dead_item_is_shown_without_its_secret_and_tried_again_with_it() {
    let job = r#"
secrets = ["TOKEN"]

[queue.said]

[process.make]
produces = "said"
script = 'echo "with $TOKEN inside"'

[process.use]
consumes = "said"
script = '[ -e cured ] && printf "%s" {item} > used'
"#;
    let ran = Test::new().job(job).env("TOKEN", "the-secret").run().exits(1);
    let ran = ran.then(["dead", "list"]).run().exits(0);
    assert!(ran.stdout.contains("with *** inside"), "{ran}");
    let ran = ran.then(["dead", "show", "said:0"]).run().exits(0);
    assert!(!ran.to_string().contains("the-secret"), "{ran}");
    fs::write(ran.path("cured"), "").expect("a file");
    let ran = ran.then(["dead", "retry"]).env("TOKEN", "the-secret").run().exits(0);
    assert_eq!(ran.read("used"), "with the-secret inside", "{ran}");
}

#[test]
fn x05_a_secret_that_is_too_short_is_refused() {
    let job = "secrets = [\"TOKEN\"]\n[process.a]\ncommand = [\"true\"]\n";
    let ran = Test::new().job(job).env("TOKEN", "abc").run().exits(2);
    let said = "runner: the secret `TOKEN` has 3 bytes: one of less than 4 cannot be masked";
    assert!(ran.stderr.starts_with(said), "{ran}");
    assert!(!ran.has(".runner"), "nothing was begun");
    Test::new().job(job).env("TOKEN", "").run().exits(0);
    Test::new().job(job).run().exits(0);
}

#[test]
fn x05_a_dry_run_shows_no_secret() {
    let job = r#"
secrets = ["TOKEN"]
env.TOKEN = "a 'quoted' secret"

[process.a]
command = ["cat"]
stdin = { text = "{env.TOKEN}" }
"#;
    let ran = Test::new().job(job).args(["job.toml", "--dry-run"]).run().exits(0);
    assert!(!ran.stdout.contains("quoted") && ran.stdout.contains("***"), "{ran}");
}
