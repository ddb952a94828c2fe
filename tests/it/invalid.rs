//! Every file of `tests/invalid` has its problem, named by the code its name begins with.
//!
//! The whole report of each is a snapshot, so that a change of words is seen.

use std::path::Path;

use runner::config::{Options, Style, load, report};

#[test]
fn every_invalid_file_is_told_so() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/invalid");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .expect("the folder of invalid files")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort();
    for name in names {
        let path = folder.join(&name);
        let mut loaded = load(&path, &Options::default());
        for source in &mut loaded.sources {
            let file = Path::new(&source.path).file_name().expect("a name");
            source.path = file.to_string_lossy().into_owned();
        }
        let style = Style { color: false, width: 100 };
        let drawn = report(&loaded.problems, &loaded.sources, &style);
        let code = name.split('-').next().expect("a code").to_uppercase();
        let codes: Vec<&str> = loaded.problems.iter().map(|problem| problem.code.0).collect();
        assert!(codes.contains(&code.as_str()), "{name} has {codes:?}\n{drawn}");
        insta::assert_snapshot!(name.trim_end_matches(".toml"), drawn);
    }
}
