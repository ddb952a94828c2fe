//! Every file of `tests/invalid` has its problem, named by the code its name begins with.
//!
//! The whole report of each is a snapshot, so that a change of words is seen. Only the files that
//! are about the machine are checked against it: what the others say must not depend on what is
//! installed.

use std::path::Path;

use runner::app::{Load, check};
use runner::config::Purpose;
use runner::diagnostic::{Style, pretty};

#[test]
fn every_invalid_file_is_told_so() {
    // Relative, because messages show paths as they were given.
    let folder = Path::new("tests/invalid");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder of invalid files")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    names.sort();
    for name in names {
        let path = folder.join(format!("{name}.toml"));
        let purpose = if name.starts_with("w5") { Purpose::Check } else { Purpose::Run };
        let loaded = check(&path, &Load::default(), purpose);
        let style = Style { color: false, width: 100 };
        let drawn = pretty(&loaded.problems, &loaded.sources, &style);
        let code = name.split('-').next().expect("a code").to_uppercase();
        let codes: Vec<&str> = loaded.problems.iter().map(|problem| problem.code.id).collect();
        assert!(codes.contains(&code.as_str()), "{name} has {codes:?}\n{drawn}");
        insta::assert_snapshot!(name, drawn);
    }
}
