//! The page of a run: it says what is known without scripts, holds all that its scripts read, and
//! nothing that a child prints is more than text. CI opens it in a browser.

use serde_json::Value;

use crate::harness::{Ran, Test};

/// Text that would be markup, a script or the end of one.
const ODD: &str = "</script><script>alert(1)</script><img src=x onerror=alert(1)>";

/// A job that says so wherever it can.
const JOB: &str = r#"
name = "ODD"
description = "ODD"
limits.on-failure = "continue"

[queue.items]
items = ["fine", "ODD"]

[process.eat]
description = "ODD"
consumes = "items"
workers = 1
script = 'case {item} in fine) ;; *) printf %s {item} >&2; exit 1 ;; esac # ODD'

[process.test]
matrix.os = ["linux", "ODD"]
needs = ["first"]
command = ["printf", "%s\n\\033[31m%s\\033[0m\n", "ODD", "{matrix.os}"]

[process.first]
script = "[ -e again ] || { touch again; exit 1; }"
retry = 1

[process.slow]
timeout = { total = "20ms" }
command = ["sleep", "100"]

[process.allowed]
allow-failure = true
command = ["false"]

[process.last]
needs = ["slow"]
command = ["true"]
"#;

fn ran() -> Ran {
    let job = JOB.replace("ODD", ODD);
    Test::new().job(&job).args(["--report", "html=run.html", "job.toml"]).run().exits(1)
}

/// Returns the page in front of what its scripts read, and that.
fn taken_apart(page: &str) -> (&str, Value) {
    let (text, rest) =
        page.split_once("<script type=\"application/json\" id=\"run\">").expect("data");
    let (data, rest) = rest.split_once("</script>").expect("its end");
    assert_eq!(rest.matches("<script").count(), 1, "one script follows");
    assert!(rest.trim_end().ends_with("</html>"));
    (text, serde_json::from_str(data).expect("JSON"))
}

#[test]
fn no_text_of_others_is_markup() {
    let ran = ran();
    let page = ran.read("run.html");
    assert_eq!(page.matches("<script").count(), 2, "the data and the script");
    assert!(!page.contains("<img"), "{page}");
    let (_, data) = taken_apart(&page);
    let logs = data["logs"].as_array().expect("logs");
    let colored = format!("{ODD}\n\u{1b}[31m{ODD}\u{1b}[0m");
    assert!(logs.iter().any(|log| log["text"] == colored.as_str()), "{logs:?}");
    let processes = data["processes"].as_array().expect("processes");
    assert!(processes.iter().any(|process| process["command"][2] == ODD), "{processes:?}");
}

#[test]
fn a_page_needs_no_network() {
    let page = ran().read("run.html");
    let policy = "content=\"default-src 'none'; img-src data:; base-uri 'none'; \
                  form-action 'none'; style-src 'sha256-";
    assert!(page.contains(policy));
    for word in ["src=\"", "@import", "url(\"", "fetch(", "XMLHttpRequest", "innerHTML", "eval("] {
        assert!(!page.contains(word), "{word}");
    }
    let links: Vec<_> =
        page.match_indices("href=\"").map(|(at, _)| &page[at + 6..at + 11]).collect();
    assert_eq!(links, ["data:", "#proc"], "an empty icon, and a jump to the table");
}

#[test]
fn what_matters_is_read_without_scripts() {
    let page = ran().read("run.html");
    let (text, data) = taken_apart(&page);
    for said in [
        "</span> failed in ",
        "<b>1</b> flaky",
        "<b>1</b> failed as allowed",
        "<b>1</b> skipped",
        "<b>1</b> timed out",
        "<h3>eat <span>failed (1 item is dead)</span></h3>",
        "<code>runner job.toml slow</code>",
        "<span class=\"badge skipped\">skipped (needs `slow`, which ended as",
        "<b>items:1</b>",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    let words: Vec<_> =
        data["ends"].as_array().expect("ends").iter().map(|end| &end["outcome"]).collect();
    assert_eq!(
        words,
        ["failed", "passed", "passed", "flaky", "timed-out", "allowed-failure", "skipped"]
    );
    assert_eq!(data["attempts"].as_array().map(Vec::len), Some(8));
}
