//! Tables: every placeholder, every rule of the environment, every bound.

use std::collections::BTreeMap;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::*;
use crate::launch::{Item, MAX_STDOUT};
use crate::plan::sample;

const INHERITED: [(&str, &str); 4] =
    [("PATH", "/bin"), ("HOME", "/root"), ("X", "outer"), ("RUNNER_ITEM", "of an outer run")];

fn env(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn texts(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn sets(pairs: &[(&str, &str)]) -> Vec<(String, Template)> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), sample::template(value))).collect()
}

fn job() -> Job {
    let vars = BTreeMap::from([("v".to_owned(), "{item} kept".to_owned())]);
    Job { vars, ..sample::job("") }
}

fn launch(job: &Job) -> Launch {
    Launch::new(job, "run-1", &env(&INHERITED), Limits::default())
}

fn item(bytes: &[u8]) -> Item<'_> {
    Item { id: "q:7", index: 7, bytes }
}

fn printed(name: &str) -> Option<Vec<u8>> {
    match name {
        "p" => Some(b"\n printed \n\n".to_vec()),
        "long" => Some(vec![b'x'; MAX_STDOUT + 1]),
        "full" => Some([vec![b'x'; MAX_STDOUT], vec![b'\n']].concat()),
        _ => None,
    }
}

fn values(item: Option<Item<'_>>) -> Values<'_> {
    let result = &|_: &str, key: &str| (key == "tag").then(|| "v 1".to_owned());
    let results = item.is_none().then(|| Path::new("/run/results-0"));
    Values {
        slot: 3,
        attempt: 2,
        lent: &[],
        item,
        more: &[],
        stdout: &printed,
        result,
        after: None,
        results,
    }
}

fn made(process: &Process, values: &Values<'_>) -> Result<Command, Unfit> {
    let cell = vec![("k".to_owned(), "cell".to_owned())];
    launch(&job()).prepare(process, &cell)?.command(values)
}

/// Returns the one argument that a template becomes.
fn filled(text: &str, bytes: &[u8]) -> Result<Vec<u8>, Unfit> {
    let action = Action::Command(vec![sample::template(text)]);
    let process = Process { action, ..sample::process("a") };
    made(&process, &values(Some(item(bytes)))).map(|mut made| made.argv.remove(0).into_vec())
}

#[test]
fn every_placeholder_has_its_value() {
    let json = br#"{"url": "u v", "n": [1, 2.50]}"#;
    for (text, expected) in [
        ("plain", "plain"),
        ("{{item}", "{item}"),
        ("{vars.v}", "{item} kept"),
        ("{env.X}", "outer"),
        ("{env.RUNNER_ATTEMPT}", "2"),
        ("{matrix.k}", "cell"),
        ("{matrix.of_another_cell}", ""),
        ("<{item.url}>", "<u v>"),
        ("{item.n}", "[1,2.50]"),
        ("{item.n.1}", "2.50"),
        ("{item.index}", "7"),
        ("{process.p.stdout}", "printed"),
        ("{process.p.result.tag}", "v 1"),
        ("{run.id}-{slot}", "run-1-3"),
    ] {
        let filled = filled(text, json).unwrap();
        assert_eq!(String::from_utf8(filled).unwrap(), expected, "{text}");
    }
    let none = Unfit::NoResult { process: "p".to_owned(), key: "k".to_owned() };
    assert_eq!(filled("{process.p.result.k}", b""), Err(none));
    assert_eq!(filled("{process.full.stdout}", b"").unwrap().len(), MAX_STDOUT);
}

#[test]
fn an_item_stays_one_argument_byte_for_byte() {
    for bytes in [&b"a b; $(rm) 'x' \"y\" `z` *\n"[..], b"", b"-rf", b"\xff\xfe\x80", b"{slot}"] {
        assert_eq!(filled("{item}", bytes).unwrap(), bytes);
        let process = sample::job("a reads q run x,{item}").processes.remove(0);
        let made = made(&process, &values(Some(item(bytes)))).unwrap();
        assert_eq!(made.argv.len(), 2);
        let said = made.env.iter().find(|(name, _)| name == "RUNNER_ITEM").unwrap();
        assert_eq!(said.1.as_bytes(), bytes);
    }
}

#[test]
fn what_cannot_be_is_said() {
    for (text, bytes, expected) in [
        ("{item.x}", &b"plain"[..], "`{item.x}` needs an item that is JSON, but this one is not"),
        ("{item.x}", b"{}", "the item has no field `x`"),
        ("{item}", b"a\0b", "argument 0 holds a NUL byte, which the system cannot pass on"),
        ("{vars.none}", b"", "`{vars.none}` has no value here"),
        ("{env.NONE}", b"", "`{env.NONE}` names a variable that is not set"),
        ("{process.none.stdout}", b"", "`{process.none.stdout}` has no value here"),
        ("{process.long.stdout}", b"", "the output of `long` has 65537 bytes, and a placeholder"),
    ] {
        let message = filled(text, bytes).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }
    let process = sample::job("a run {item}").processes.remove(0);
    assert_eq!(made(&process, &values(None)), Err(Unfit::Missing("item".to_owned())));
}

#[test]
fn sizes_are_refused_with_both_numbers_and_the_cure() {
    let most = 128 * 1024 - 1;
    assert_eq!(filled("{item}", &vec![b'x'; most]).unwrap().len(), most);
    let unfit = filled("{item}", &vec![b'x'; most + 1]).unwrap_err();
    assert_eq!(
        unfit.to_string(),
        "argument 0 has 131072 bytes, and the system takes at most 131071"
    );
    assert!(unfit.hint().unwrap().contains("deliver = \"stdin\""));
    let many = Action::Command(vec![sample::template("{item}"); 20]);
    let process = Process { action: many, ..sample::process("a") };
    let bytes = vec![b'x'; most];
    let unfit = made(&process, &values(Some(item(&bytes)))).unwrap_err();
    let Unfit::LongCommand { bytes, most } = unfit else { panic!("{unfit}") };
    assert!(bytes > most && most < 2 << 20, "{bytes} {most}");
}

#[test]
fn later_layers_of_the_environment_win() {
    let mut job = job();
    job.env.from_files = texts(&[("A", "job file"), ("B", "job file"), ("X", "job file")]);
    job.env.set = sets(&[("B", "job"), ("C", "job"), ("PATH", "/x:{env.PATH}")]);
    let mut process = sample::process("a");
    process.env.from_files = texts(&[("C", "process file"), ("D", "process file")]);
    process.env.set = sets(&[("D", "process"), ("E", "{env.B}+{env.D}"), ("F", "process")]);
    let lent = texts(&[("F", "slot"), ("PORT", "8080")]);
    let values = Values { lent: &lent, ..values(Some(item(b"i"))) };
    let made = launch(&job).prepare(&process, &vec![]).unwrap().command(&values).unwrap();
    let expected = [
        ("PATH", "/x:/bin"),
        ("HOME", "/root"),
        ("X", "job file"),
        ("A", "job file"),
        ("B", "job"),
        ("C", "process file"),
        ("D", "process"),
        ("E", "job+process"),
        ("F", "slot"),
        ("PORT", "8080"),
        ("RUNNER_RUN_ID", "run-1"),
        ("RUNNER_PROCESS", "a"),
        ("RUNNER_ATTEMPT", "2"),
        ("RUNNER_SLOT", "3"),
        ("RUNNER_ITEM_ID", "q:7"),
        ("RUNNER_ITEM_INDEX", "7"),
    ];
    assert_eq!(made.env, env(&expected));
}

#[test]
fn what_is_inherited_is_what_the_nearest_level_says() {
    let only = |name: &str| Some(Inherit::Only(vec![name.to_owned(), "UNSET".to_owned()]));
    let all = ["PATH", "HOME", "X"];
    for (of_job, of_process, expected) in [
        (None, None, &all[..]),
        (Some(Inherit::None), None, &[]),
        (only("X"), None, &["X"]),
        (Some(Inherit::None), Some(Inherit::All), &all),
        (None, Some(Inherit::None), &[]),
        (only("X"), only("HOME"), &["HOME"]),
    ] {
        let mut job = job();
        job.env.inherit = of_job;
        let mut process = sample::process("a");
        process.env.inherit = of_process;
        let made = launch(&job).prepare(&process, &vec![]).unwrap().command(&values(None)).unwrap();
        let names: Vec<_> = made.env.iter().map(|(name, _)| name.to_str().unwrap()).collect();
        assert_eq!(names[..names.len() - 5], *expected);
    }
}

#[test]
fn the_item_is_shown_only_where_it_is_an_argument() {
    for (verb, shown) in [("reads", true), ("streams", false)] {
        let process = sample::job(&format!("a {verb} q")).processes.remove(0);
        let made = made(&process, &values(Some(item(b"a\0b"))));
        assert_eq!(made.is_err(), shown, "a NUL byte cannot be shown: {made:?}");
    }
}

#[test]
fn paths_start_at_the_file_of_the_process() {
    let mut process = sample::process("a");
    assert_eq!(made(&process, &values(None)).unwrap().cwd, PathBuf::from("/jobs"));
    process.cwd = Some(sample::template("sub/{matrix.k}"));
    process.stdin = Stdin::File(sample::template("in-{slot}"));
    process.stdout = Output::File { path: sample::template("/tmp/out"), append: true };
    process.stderr = Output::Null;
    let made = made(&process, &values(None)).unwrap();
    assert_eq!(made.cwd, PathBuf::from("/jobs/sub/cell"));
    assert_eq!(made.stdin, Payload::File(PathBuf::from("/jobs/in-3")));
    let out = Destination::File { path: PathBuf::from("/tmp/out"), append: true };
    assert_eq!((made.stdout, made.stderr), (out, Destination::Null));
    process.stdin = Stdin::Text(sample::template("slot {slot}\n"));
    let made = launch(&job()).prepare(&process, &vec![]).unwrap().command(&values(None)).unwrap();
    assert_eq!(made.stdin, Payload::Text(b"slot 3\n".to_vec()));
}

#[test]
fn a_preview_keeps_what_only_an_attempt_knows() {
    let mut process = sample::job("a run x,{item.url}-{slot},{vars.v}").processes.remove(0);
    process.env.set = sets(&[("N", "{item}"), ("X", "outer")]);
    let launch = launch(&job());
    let preview = launch.prepare(&process, &vec![]).unwrap().preview(&launch).unwrap();
    assert_eq!(preview.command.argv, ["x", "{item.url}-{slot}", "{item} kept"]);
    assert_eq!((preview.command.env, preview.is_clean), (env(&[("N", "{item}")]), false));
    process.env.inherit = Some(Inherit::None);
    let preview = launch.prepare(&process, &vec![]).unwrap().preview(&launch).unwrap();
    assert!(preview.is_clean);
    assert_eq!(preview.command.env, env(&[("N", "{item}"), ("X", "outer")]));
}

#[test]
fn a_path_of_items_has_the_environment_of_the_job() {
    let mut job = job();
    job.env.set = sets(&[("A", "{vars.v}")]);
    let launch = launch(&job);
    let path = launch.path(&sample::template("{run.id}/{env.A}"), Path::new("/b")).unwrap();
    assert_eq!(path, PathBuf::from("/b/run-1/{item} kept"));
}
