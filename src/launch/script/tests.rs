//! Scripts that really run, on values that would break out of any quotes.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use super::*;
use crate::plan::sample;

const NASTY: [&[u8]; 10] = [
    b"plain",
    b"",
    b"it's \"quoted\" \\ and \\\\",
    b"two\nlines\n",
    b"$(echo no) `echo no` ${HOME} $HOME",
    b"-n -e --",
    b"*; echo no & | > < ( ) { } # !",
    b"EOF\n${RUNNER_VALUE_1}\nEOF",
    b"a[$(echo no)]",
    b"\xff\xfe not text",
];

fn argv(shell: &str) -> Vec<String> {
    shell.split(' ').map(str::to_owned).collect()
}

/// Runs a script with a value for its placeholders; `None` where the shell is not installed.
#[expect(clippy::disallowed_methods, reason = "quoting is proved by the shells themselves")]
fn run(shell: &str, text: &str, value: &[u8]) -> Option<Vec<u8>> {
    let shell = argv(shell);
    let script = rewrite(&shell, &sample::template(text)).unwrap();
    let carried: BTreeMap<String, &OsStr> =
        (0..script.values.len()).map(|number| (name(number), OsStr::from_bytes(value))).collect();
    let output = std::process::Command::new(&shell[0])
        .args(&shell[1..])
        .arg(&script.text)
        .envs(carried)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    assert!(output.status.success(), "{}: {output:?}", script.text);
    Some(output.stdout)
}

#[test]
fn a_value_is_one_quoted_word_everywhere_in_a_shell() {
    // Each prints the value between angle brackets, exactly.
    let scripts = [
        "printf '<%s>' {item}",
        "printf '<%s>' \"{item}\"",
        "printf '%s' '<{item}>'",
        "printf '%s' \"<\"{item}'>'",
        "printf '<%s>' x{item} | sed '1s/^<x/</'",
        "x={item}; printf '<%s>' \"$x\"",
        "x=y; x=${x:+{item}}; printf '<%s>' \"$x\"",
        "x=; printf '<%s>' \"${x:-{item}}\"",
        "# it's a comment {item}\nprintf '<%s>' {item}",
        "printf '<%s>' \"$(printf '%s.' {item})\" | sed '$s/\\.>$/>/'",
        "printf '<%s>' \"$(printf '%s.' \"{item}\")\" | sed '$s/\\.>$/>/'",
        "printf '<%s>' \"`printf '%s.' {item}`\" | sed '$s/\\.>$/>/'",
        "f() ( printf '<%s>' {item} ); f",
        "case {item} in '') ;; *) : {item};; esac; printf '<%s>' {item}",
        "printf %s 'it'\\''s {item}' | sed \"1s/it's /</\"; printf '>'",
        "printf '<%s>' \\{item}",
    ];
    for shell in ["sh -eu -c", "dash -eu -c", "bash -eu -c", "busybox sh -eu -c"] {
        for text in scripts {
            for value in NASTY {
                let Some(out) = run(shell, text, value) else { break };
                let expected = [b"<", value, b">"].concat();
                let text = (shell, text, String::from_utf8_lossy(value));
                assert_eq!(out, expected, "{text:?} {}", String::from_utf8_lossy(&out));
            }
        }
    }
}

#[test]
fn here_documents_take_values() {
    let text =
        "cat <<EOF; cat <<-\t'END'\n<{item}> \"it's\"\nEOF\n\tliteral '\n\tEND\nprintf %s {item}";
    for shell in ["sh -c", "bash -c"] {
        for value in NASTY {
            let out = run(shell, text, value).unwrap();
            let expected = [b"<", value, b"> \"it's\"\nliteral '\n", value].concat();
            assert_eq!(out, expected, "{}", String::from_utf8_lossy(&out));
        }
    }
}

#[test]
fn bash_quotes_of_its_own_are_followed() {
    for value in NASTY {
        let text = "printf '%s' $'<\\'{item}\\'>'; (( x = {slot} )) || true";
        let script = text.replace("{slot}", "1");
        let out = run("bash -c", &script, value).unwrap();
        assert_eq!(out, [b"<'", value, b"'>"].concat());
    }
}

#[test]
fn other_languages_read_a_variable() {
    let scripts = [
        ("python3 -c", "import sys, os; sys.stdout.buffer.write(os.fsencode({item})) # don't"),
        ("perl -e", "print {item}; # don't"),
        ("perl -e", "print \"\" . \"{item}\""),
        ("ruby -e", "print {item}"),
        ("ruby -e", "print \"{item}\""),
        ("fish -c", "printf '%s' {item}"),
        ("fish -c", "printf '%s' \"\"{item}''"),
    ];
    for (shell, text) in scripts {
        for value in NASTY {
            if let Some(out) = run(shell, text, value) {
                assert_eq!(out, value, "{shell} {text}");
            }
        }
    }
    for text in ["process.stdout.write({item}) // don't", "process.stdout.write(`{item}`)"] {
        // Node reads its environment as text, so bytes that are none are lost there.
        for value in &NASTY[..9] {
            if let Some(out) = run("node -e", text, value) {
                assert_eq!(&out, value);
            }
        }
    }
}

#[test]
fn every_language_is_written_as_it_should_be() {
    for (shell, text, expected) in [
        (
            "sh -c",
            "a {item} {slot} {item}",
            r#"a "$RUNNER_VALUE_1" "$RUNNER_VALUE_2" "$RUNNER_VALUE_1""#,
        ),
        ("/usr/bin/env -i X=1 bash -c", "\"{item}\"", "\"${RUNNER_VALUE_1}\""),
        ("sh -c", "'{item}'", "''\"$RUNNER_VALUE_1\"''"),
        ("sh -c", "$(({slot} + 1))", "$((${RUNNER_VALUE_1} + 1))"),
        (
            "fish -c",
            "\"a {item} b\" '{item}'",
            r#""a ""$RUNNER_VALUE_1"" b" ''"$RUNNER_VALUE_1"''"#,
        ),
        ("python3.11 -c", "x({item})", r#"x(__import__("os").environ["RUNNER_VALUE_1"])"#),
        ("node -e", "x({item})", "x(process.env.RUNNER_VALUE_1)"),
        ("ruby3.2 -e", "\"{item}\"", "\"#{ENV[\"RUNNER_VALUE_1\"]}\""),
        ("pwsh -c", "x {item} \"{item}\"", "x ${env:RUNNER_VALUE_1} \"${env:RUNNER_VALUE_1}\""),
        ("awk", "no {{item} at all", "no {item} at all"),
    ] {
        assert_eq!(rewrite(&argv(shell), &sample::template(text)).unwrap().text, expected);
    }
}

#[test]
fn what_cannot_be_put_in_is_refused_before_anything_runs() {
    for (shell, text, expected) in [
        ("awk", "{item}", "the language of `awk` is not known"),
        ("sh -c", "x=1\ncat <<'E'\n{item}\nE", "in a here-document whose end word is quoted"),
        ("sh -c", "$(( {item} ))", "in arithmetic"),
        ("bash -c", "(( x = {item} ))", "in arithmetic"),
        ("python3 -c", "print('{item}')", "`{item}` stands inside quotes"),
        ("python3 -c", "\"\"\"it's\n{item}\"\"\"", "inside quotes"),
        ("node -e", "x(\"{item}\")", "inside quotes"),
        ("perl -e", "print `echo {item}`", "inside quotes"),
        ("perl -e", "print \"\\{item}\"", "after an escape character"),
    ] {
        let mut job = sample::job("a");
        job.processes[0].action =
            Action::Script { shell: argv(shell), text: sample::template(text) };
        let problems = check(&job);
        assert!(problems[0].message.contains(expected), "{}", problems[0].message);
        assert!(problems[0].help.is_some());
    }
}
