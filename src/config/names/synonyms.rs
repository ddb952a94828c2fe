//! Synonyms: what people from other tools write, and what it is called here.
//!
//! Gathered from make, just, go-task, mise, npm, turbo, GitHub Actions, GitLab CI, docker-compose,
//! process-compose, supervisord, systemd, Procfile, GNU parallel, Snakemake, Nextflow and message
//! brokers. A row holds for every table that has the key on its left, so that one list serves all
//! tables; `stop.signal` is a key in a table of its own. Unaware of which keys there are.

/// A key of ours with what others call it: in lowercase, with `-` between words.
pub(super) const KEYS: &[(&str, &str)] = &[
    // A process.
    (
        "command",
        "cmd exec argv args program entrypoint exec-start executable cmdline bin command-line \
         run-command runs",
    ),
    (
        "script",
        "sh steps commands cmds recipe bash shell-command run-script inline before-script \
         bash-command body",
    ),
    (
        "needs",
        "deps dependencies depends depends-on requires require dependency upstream pre \
         prerequisites waits-for links parents run-after needed dependson wants need",
    ),
    ("after", "wait-for order-after following runs-after start-after"),
    ("cwd", "dir workdir working-dir working-directory directory chdir root folder pwd work-dir"),
    ("env", "environment envs env-vars envars environment-variables"),
    ("env-file", "dotenv env-files environment-file envfile dot-env dotenv-file dotenv-files"),
    ("inherit-env", "pass-env passenv pass-through-env global-env keep-env env-passthrough"),
    ("stdin", "input payload in stdin-text body heredoc standard-input"),
    ("inputs", "sources source-files srcs input-files cache-inputs watch-files watches"),
    ("outputs", "generates artifacts artefacts outs output-files cache-outputs"),
    ("stdout", "output out log log-file stdout-file log-location logfile stdout-logfile"),
    ("stderr", "err stderr-file error-log stderr-logfile"),
    (
        "timeout",
        "timeout-seconds timeout-minutes timeout-secs timeout-ms timeout-sec timeout-mins \
         timeout-millis timeout-in-minutes timeout-hours time-limit max-time deadline walltime \
         max-runtime execution-timeout runtime-max-sec job-timeout timeout-start-sec ttl",
    ),
    ("timeout.idle", "idle-timeout no-output-timeout silence-timeout inactivity-timeout"),
    ("timeout.slow", "slow-timeout slow-after"),
    (
        "retry",
        "retries attempts max-retries max-attempts tries retry-count num-retries retry-limit \
         rerun reruns",
    ),
    ("retry.backoff", "retry-delay retry-interval retry-backoff retry-wait backoff"),
    ("stop.signal", "stop-signal kill-signal termsig stopsignal"),
    (
        "stop.grace",
        "stop-grace-period grace grace-period kill-after stop-timeout kill-timeout \
         timeout-stop-sec stopwaitsecs shutdown-timeout termination-grace-period \
         termination-grace-period-seconds shutdown",
    ),
    (
        "allow-failure",
        "continue-on-error ignore-errors ignore-error ignore-failure soft-fail may-fail \
         allow-fail optional allowed-to-fail continue-on-failure error-strategy",
    ),
    (
        "workers",
        "parallel concurrency parallelism replicas scale max-parallel max-workers numprocs \
         threads procs instances max-forks num-workers max-concurrency max-procs jobs",
    ),
    ("weight", "cpus cores cost num-cpus slots"),
    (
        "pool",
        "runs-on executor resource-group semaphore resource-class concurrency-group lane \
         resource-pool",
    ),
    ("matrix", "strategy for-each foreach for each parametrize axes loop with-items"),
    ("priority", "prio importance"),
    ("description", "desc summary help doc docs about comment display-name title"),
    ("tags", "labels categories keywords profiles namespace"),
    (
        "success",
        "exit-codes success-codes ok-codes success-exit-codes allowed-exit-codes exitcodes \
         success-exit-status expected-exit-codes",
    ),
    (
        "if",
        "when condition conditions only except rules only-if unless platforms preconditions \
         status skip-if enabled-if guard requires-if enabled platform",
    ),
    (
        "finally",
        "post cleanup after-script teardown on-exit defer post-run deferred trap ensure \
         exec-stop-post always",
    ),
    ("produces", "writes emits publishes output-queue out-queue into feeds output-to sink"),
    (
        "consumes",
        "reads subscribes input-queue queue in-queue listens subscribe reads-from consume \
         input-from source",
    ),
    ("deliver", "delivery feed item-mode deliver-as delivery-mode"),
    ("batch", "batch-size chunk chunk-size max-args max-lines chunks batch-items"),
    (
        "service",
        "daemon background persistent long-running is-daemon detached server long-lived \
         is-service detach",
    ),
    (
        "ready",
        "healthcheck health-check readiness readiness-probe ready-when ready-check health \
         liveness-probe ready-log-line wait-for-port healthy",
    ),
    ("restart", "restart-policy availability autorestart auto-restart respawn autorecover"),
    ("interactive", "tty stdin-open raw foreground terminal is-tty is-foreground"),
    ("cache", "cached memoize incremental"),
    ("emit", "keep-order ordered"),
    ("leaks", "orphans kill-mode"),
    ("ack", "acknowledge acknowledgement ack-mode"),
    ("on-end", "at-end at-eof on-eof when-done"),
    // A queue.
    (
        "capacity",
        "buffer size max-size maxsize limit length buffer-size max-length depth max-items bound \
         maxlen",
    ),
    ("capacity-bytes", "max-bytes bytes memory max-memory"),
    ("max-item", "max-item-size max-message-size item-size max-line max-line-length"),
    ("framing", "format delimiter separator encoding frame codec sep protocol"),
    (
        "items",
        "source values input from data list inputs contents elements seed initial entries seeds \
         tasks",
    ),
    ("on-full", "overflow when-full backpressure full on-overflow"),
    ("dead", "dlq dead-letter dead-letter-queue dead-letters"),
    ("unique", "dedup deduplicate distinct uniq"),
    ("order", "ordering sort"),
    ("groups", "consumer-groups subscribers fanout broadcast"),
    ("tolerate", "max-failures max-dead tolerance allowed-failures"),
    ("durable", "persistent persist"),
    // A pool.
    (
        "size",
        "slots-count max jobs limit workers concurrency count parallel parallelism capacity \
         threads max-parallel cpus permits tokens max-jobs max-workers max-concurrency procs",
    ),
    ("rate", "rate-limit throttle qps rps starts-per-second"),
    ("slots", "lends resources"),
    ("memory", "mem min-memory memfree"),
    // The whole run.
    (
        "jobs",
        "max-jobs parallel concurrency workers max-parallel parallelism threads max-workers \
         max-concurrency cpus max-procs",
    ),
    (
        "on-failure",
        "fail-fast failfast halt keep-going stop-on-failure on-error stop-on-error fail-mode",
    ),
    ("keep-runs", "history keep retention keep-logs runs"),
    // The top of a file.
    (
        "process",
        "processes tasks task jobs job services service steps step commands command scripts \
         script targets target rules rule recipes recipe programs program stages stage proc \
         procs worker workers units unit pipeline workflow watcher",
    ),
    ("queue", "queues channels channel topics topic streams stream"),
    ("pool", "pools resources resource semaphores semaphore executors executor"),
    ("vars", "variables params parameters var variable"),
    ("include", "includes import imports extends"),
    ("defaults", "default common base"),
    ("limits", "limit options settings config"),
    ("name", "project job-name project-name"),
    ("secrets", "secret mask masked"),
    ("place", "places host hosts machines"),
    ("broker", "brokers"),
    // The tables in a table.
    ("text", "content data string value payload body inline"),
    ("file", "path from-file filename to"),
    ("process", "name task job service id output-of stdout-of from"),
    ("pipe", "piped-from stream-from"),
    ("append", "mode"),
    ("total", "max duration hard limit all"),
    ("idle", "silence no-output inactivity"),
    ("slow", "warn soft"),
    ("signal", "sig"),
    ("grace", "timeout wait period kill-after grace-period timeout-seconds"),
    ("max", "attempts limit count times retries tries max-attempts max-retries"),
    ("backoff", "delay interval wait initial-delay sleep"),
    ("on", "when codes exit-codes on-exit-codes on-codes"),
    ("never", "except abort-on not ignore"),
    ("queue", "name from"),
    ("glob", "pattern files paths globs"),
    ("range", "seq numbers count"),
    ("tcp", "port address tcp-socket"),
    ("http", "url http-get endpoint"),
    ("command", "test"),
    ("line", "log output regex pattern log-line"),
    ("interval", "period period-seconds every"),
    ("os", "platform platforms"),
    ("exists", "file path"),
    ("items", "size count max max-items"),
    ("bytes", "max-bytes"),
    ("linger", "wait timeout delay max-wait"),
    ("as", "mode via"),
    ("when", "condition status outcome"),
];

/// A word of ours with what others call it.
const WORDS: &[(&str, &str)] = &[
    ("passed", "success succeeded successful ok completed service-completed-successfully"),
    ("ended", "finished done always complete exited process-completed any"),
    ("failed", "failure error"),
    ("started", "running service-started process-started"),
    ("ready", "healthy service-healthy process-healthy"),
    ("on-success", "success default normal"),
    ("on-failure", "failure error on-error failed"),
    ("always", "unless-stopped true ever"),
    ("never", "no false off none"),
    ("no-new", "stop soon fail-fast fast wait finish drain"),
    ("kill", "now cancel abort terminate halt stop-now"),
    ("continue", "keep-going ignore go-on all"),
    ("lines", "line newline lf text \\n"),
    ("nul", "null nul-terminated zero print0 0 \\0"),
    ("json", "jsonl ndjson json-lines jsonlines"),
    ("args", "arg argv argument arguments"),
    ("stdin", "input pipe"),
    ("stream", "streaming lines"),
    ("worker", "workers daemon"),
    ("batch", "batches chunk chunks"),
    ("eof", "close end"),
    ("terminate", "kill term sigterm stop"),
    ("exit", "done end"),
    ("read", "auto early"),
    ("log", "file capture captured logs"),
    ("inherit", "pass stdout terminal console tty passthrough print"),
    ("null", "none discard /dev/null no off devnull quiet ignore"),
    ("block", "wait backpressure"),
    ("spill", "disk overflow unbounded"),
    ("input", "ordered keep-order"),
    ("fifo", "order queue"),
    ("linux", "ubuntu debian ubuntu-latest"),
    ("macos", "darwin mac osx macos-latest"),
    ("timeout", "timed-out timeouts"),
    ("signal", "killed crash signals"),
];

/// Keys that nothing here does, each with what to do instead.
const ADVICE: &[(&str, &str)] = &[
    (
        "image container docker dockerfile build",
        "a process is a program: start a container with command = [\"docker\", \"run\", …]",
    ),
    ("volumes ports networks expose", "give it to the program that needs it, in `command`"),
    ("user uid run-as sudo become", "write command = [\"sudo\", \"-u\", \"NAME\", …]"),
    (
        "silent quiet verbose hide echo internal",
        "remove it: what is shown is chosen for a run, with --output",
    ),
    (
        "cron schedule every on trigger triggers",
        "remove it: let cron, a systemd timer or your CI start `runner`",
    ),
    ("uses with action plugin", "write what it does as `command` or `script`"),
    ("version", "remove it: a job file has no version"),
    ("alias aliases shortcut", "remove it: a process has one name; `tags` select several"),
    ("extends template anchor", "write the common keys in [defaults], or `include` a file"),
    ("nice ionice cpu-shares cpuset", "write command = [\"nice\", …]"),
    ("disabled skip enabled", "remove it: leave the process out with a name on the command line"),
    ("confirm prompt ask", "remove it: a run asks nothing"),
    ("notify on-complete webhook", "add a process with run = \"always\" that tells it"),
];

/// Returns our keys that others call so, the likeliest first.
pub(super) fn keys(folded: &str) -> impl Iterator<Item = &'static str> {
    of(KEYS, folded)
}

/// Returns our words that others call so.
pub(super) fn words(folded: &str) -> impl Iterator<Item = &'static str> {
    of(WORDS, folded)
}

/// Returns what to do instead of a key that nothing here does.
pub(super) fn advice(folded: &str) -> Option<&'static str> {
    let known = |names: &str| names.split_whitespace().any(|name| name == folded);
    ADVICE.iter().find(|(names, _)| known(names)).map(|(_, advice)| *advice)
}

fn of(
    rows: &'static [(&'static str, &'static str)],
    folded: &str,
) -> impl Iterator<Item = &'static str> {
    let has = move |names: &str| names.split_whitespace().any(|name| name == folded);
    rows.iter().filter(move |(_, theirs)| has(theirs)).map(|(ours, _)| *ours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fold;

    #[test]
    fn names_are_written_as_they_are_looked_up() {
        for (ours, theirs) in KEYS {
            for name in theirs.split_whitespace() {
                assert_eq!(fold(name), name, "{ours}");
                assert_ne!(name, *ours);
            }
        }
    }
}
