//! `--dry-run`: the plan, and every command as it would be executed.
//!
//! The commands can be pasted into a shell. What only an attempt knows stays in braces: `{item}`.
//! Unaware of how a command is started.

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use super::conditions;
use super::plan::plan as table;
use super::run::secrets;
use super::words::{count, quoted, safe};
use super::{FINE, Invoked};
use crate::launch::{Command, Destination, Launch, Payload, Preview};
use crate::mask::Masker;
use crate::model::{BatchForm, Deliver, From, NodeId, Wire};
use crate::plan::Plan;

/// Shows what a dry run would execute.
pub(super) fn dry_run(plan: &Plan) -> Invoked {
    let launch = conditions::launch(plan);
    let mut out = BufWriter::new(io::stdout());
    dry(plan, (&launch, &Masker::new(secrets(plan)?)), &mut out)?;
    out.flush()?;
    Ok(FINE)
}

/// Writes the plan, and then each command in its order.
fn dry(plan: &Plan, (launch, masker): (&Launch, &Masker), to: &mut dyn Write) -> io::Result<()> {
    table(plan, launch, to)?;
    for id in plan.order() {
        let node = plan.node(id);
        writeln!(to, "\n# {}", safe(&node.name))?;
        for condition in conditions::remarks(plan, id, launch) {
            writeln!(to, "# {}", masker.text(&condition))?;
        }
        let prepared = launch.prepare(plan.process(id), &node.cell);
        let previews = prepared.and_then(|prepared| {
            Ok((prepared.preview(launch)?, prepared.preview_finally(launch)?))
        });
        match previews {
            Ok((mut preview, finally)) => {
                hide(&mut preview.command, masker);
                for remark in remarks(plan, id, &preview.command) {
                    writeln!(to, "# {remark}")?;
                }
                command(&preview, to)?;
                for mut preview in finally {
                    hide(&mut preview.command, masker);
                    writeln!(to, "# finally")?;
                    command(&preview, to)?;
                }
            }
            Err(unfit) => {
                writeln!(to, "# no command: {}", safe(&masker.text(&unfit.to_string())))?;
            }
        }
    }
    Ok(())
}

/// Takes secrets out of what a command line is made of.
fn hide(command: &mut Command, masker: &Masker) {
    let values = command.env.iter_mut().map(|(_, value)| value).chain(&mut command.argv);
    for value in values {
        if let Cow::Owned(masked) = masker.bytes(value.as_bytes()) {
            *value = OsString::from_vec(masked);
        }
    }
    if let Payload::Text(text) = &mut command.stdin
        && let Cow::Owned(masked) = masker.bytes(text)
    {
        *text = masked;
    }
}

/// Writes one command.
fn command(preview: &Preview, to: &mut dyn Write) -> io::Result<()> {
    let Preview { command, is_clean } = preview;
    let mut words = vec![format!("cd {} &&", path(&command.cwd))];
    if let Payload::Text(text) = &command.stdin {
        words.push(format!("printf %s {} |", quoted(text, false)));
    }
    if *is_clean || !command.env.is_empty() {
        words.push(if *is_clean { "env -i" } else { "env" }.to_owned());
        for (name, value) in &command.env {
            let setting = [name.as_bytes(), b"=", value.as_bytes()].concat();
            words.push(quoted(&setting, false));
        }
    }
    for (at, word) in command.argv.iter().enumerate() {
        words.push(quoted(word.as_bytes(), at == 0));
    }
    if let Payload::File(file) = &command.stdin {
        words.push(format!("< {}", path(file)));
    }
    words.extend(redirection("", &command.stdout));
    words.extend(redirection("2", &command.stderr));
    writeln!(to, "{}", words.join(" "))
}

/// Returns what a command line can't say.
fn remarks(plan: &Plan, id: NodeId, command: &Command) -> Vec<String> {
    let node = plan.node(id);
    let mut remarks = Vec::new();
    if let (Some(queue), Some(consumes)) = (node.consumes, &plan.process(id).consumes) {
        let name = plan.queue_name(queue);
        let workers = count(node.workers as usize, "worker");
        remarks.push(match consumes.deliver {
            Deliver::Args => format!("for each item of queue {name}, {workers}"),
            Deliver::Stdin => format!("for each item of queue {name}, on stdin, {workers}"),
            Deliver::Batch => format!("for batches of items of queue {name}, {workers}"),
            Deliver::Stream => format!("stdin: the items of queue {name}, {workers}"),
            Deliver::Worker => {
                let wire = match consumes.wire {
                    Wire::Fd => "descriptors 3 and 4",
                    Wire::Stdio => "stdin and stdout",
                };
                format!("asked for each item of queue {name} on {wire}, {workers}")
            }
        });
        if consumes.deliver == Deliver::Batch {
            remarks.push(match consumes.batch.form {
                BatchForm::Stdin => "stdin: the items of the batch".to_owned(),
                BatchForm::Args => "the items of the batch stand behind these words".to_owned(),
            });
        }
    }
    match &command.stdin {
        Payload::Process(name) => remarks.push(format!("stdin: what {name} has printed")),
        Payload::Inherit => remarks.push("stdin: that of the runner".to_owned()),
        Payload::Pipe(name) => remarks.push(format!("stdin: a pipe from {name}")),
        Payload::Closed | Payload::Text(_) | Payload::File(_) => {}
    }
    let process = plan.process(id);
    let works = process.consumes.as_ref().is_some_and(|said| said.deliver == Deliver::Worker);
    for fed in &process.produces {
        let from = match fed.from {
            _ if works => "what it replies",
            From::Stdout => "stdout",
            From::Fd3 => "descriptor 3",
        };
        remarks.push(format!("{from}: into queue {}", fed.queue));
    }
    for queue in &node.dead {
        remarks.push(format!("dead items: into queue {}", plan.queue_name(*queue)));
    }
    remarks
}

/// Returns a redirection.
fn redirection(stream: &str, to: &Destination) -> Option<String> {
    match to {
        Destination::Log => None,
        Destination::Null => Some(format!("{stream}> /dev/null")),
        Destination::File { path: file, append } => {
            let arrow = if *append { ">>" } else { ">" };
            Some(format!("{stream}{arrow} {}", path(file)))
        }
    }
}

/// Returns a path for a shell.
fn path(path: &Path) -> String {
    quoted(path.as_os_str().as_bytes(), false)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::launch::Limits;
    use crate::model::{Action, Inherit, Output, Stdin};
    use crate::plan::{Machine, Selection, plan, sample};

    #[test]
    fn commands_can_be_pasted() {
        let mut job = sample::job(
            "list feeds files run find,{vars.root},-type,f\nhash reads files run sha256sum,{item}\n\
             sum stdin text\ntext\nclean",
        );
        job.vars.insert("root".to_owned(), "it's here".to_owned());
        job.processes[1].env.set = vec![("LC_ALL".to_owned(), sample::template("C {item.index}"))];
        job.processes[2].action = Action::Script {
            shell: vec!["sh".to_owned(), "-c".to_owned()],
            text: sample::template("wc -l > {run.id}"),
        };
        job.processes[3].stdin = Stdin::Text(sample::template("a b\n"));
        job.processes[3].stderr = Output::Null;
        job.processes[4].env.inherit = Some(Inherit::None);
        job.processes[4].stdin = Stdin::File(sample::template("in put"));
        job.processes[4].stdout = Output::File { path: sample::template("out"), append: true };
        let launch = Launch::new(&job, "{run.id}", &[("A".into(), "1".into())], Limits::default());
        let machine = Machine { cpus: 4, jobs: None };
        let plan = plan(job, &Selection::default(), &machine, &BTreeMap::new()).unwrap();
        let mut out = Vec::new();
        dry(&plan, (&launch, &Masker::default()), &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        insta::assert_snapshot!(out, @r##"
        sample: 5 processes, 1 queue

        #  process  pool     waits for
        1  list     default
        2  text     default
        3  hash     default  items of queue files, 4 workers
        4  sum      default  needs text
        5  clean    default

        pool default: 4 slots
        queue files: room for 64 items

        # list
        # stdout: into queue files
        cd /jobs && find 'it'\''s here' -type f

        # text
        cd /jobs && printf %s 'a b
        ' | true 2> /dev/null

        # hash
        # for each item of queue files, 4 workers
        cd /jobs && env 'LC_ALL=C {item.index}' sha256sum {item}

        # sum
        # stdin: what text has printed
        cd /jobs && env RUNNER_VALUE_1={run.id} sh -c 'wc -l > "$RUNNER_VALUE_1"'

        # clean
        cd /jobs && env -i true < '/jobs/in put' >> /jobs/out
        "##);
    }
}
