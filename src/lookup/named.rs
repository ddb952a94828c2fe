//! Named: which file of a repository an output means by a path.
//!
//! A tool names files from where it was started, or from a folder above that: Cargo from the top of
//! its workspace. Systems that show a repository want them from its top. Unaware of outputs.

use std::path::{Path, PathBuf};

use super::plain::plain;

/// Returns the path of a file from the top of its repository, where it lies in there. `path` is as
/// it was named by who runs in `cwd`.
pub fn named(path: &str, cwd: &Path, top: &Path) -> String {
    let path = Path::new(path);
    let above = cwd.ancestors().take_while(|folder| folder.starts_with(top));
    let folders = std::iter::once(cwd).chain(above);
    let found = folders.map(|folder| folder.join(path)).find(|file| file.is_file());
    let file = match found {
        Some(found) => real(&found).unwrap_or(found),
        None => plain(&cwd.join(path)),
    };
    file.strip_prefix(top).unwrap_or(&file).to_string_lossy().into_owned()
}

/// Returns the absolute path of a file, whose own name is kept where it is a link.
fn real(path: &Path) -> Option<PathBuf> {
    Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_from_the_top() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        let inner = top.join("crates/a");
        std::fs::create_dir_all(inner.join("src")).unwrap();
        for file in ["crates/a/src/lib.rs", "crates/a/b.py"] {
            std::fs::write(top.join(file), "").unwrap();
        }
        let at = |path: &str, cwd: &Path| named(path, cwd, &top);
        assert_eq!(at("crates/a/src/lib.rs", &inner), "crates/a/src/lib.rs", "as cargo says it");
        assert_eq!(at("./src/../b.py", &inner), "crates/a/b.py");
        assert_eq!(at(&top.join("crates/a/b.py").to_string_lossy(), &inner), "crates/a/b.py");
        assert_eq!(at("../gone.c", &inner), "crates/gone.c");
        assert_eq!(at("/usr/include/x.h", &inner), "/usr/include/x.h");
        assert_eq!(at("x.c", Path::new("/elsewhere")), "/elsewhere/x.c");
    }
}
