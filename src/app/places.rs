//! Places: how the files of a job are named in a report.
//!
//! People read a path as they wrote it, without a detour over a folder that is left again. Systems
//! that show problems in a repository want the path from its top. Unaware of what is reported.

use std::path::{Component, Path, PathBuf};

/// Returns the top of the repository that the current folder lies in, or that folder.
pub(super) fn repository() -> PathBuf {
    let here = Path::new(".").canonicalize().unwrap_or_default();
    let top = here.ancestors().find(|folder| folder.join(".git").exists());
    top.unwrap_or(&here).to_owned()
}

/// Where systems say that the repository lies which they work on.
const TOPS: [&str; 3] = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR", "BUILD_SOURCESDIRECTORY"];

/// Returns the top of the repository that a system shows, where this runs in one; else that of the
/// current folder.
pub(super) fn top() -> PathBuf {
    let set = TOPS.iter().filter_map(std::env::var_os).find(|path| !path.is_empty());
    set.and_then(|path| Path::new(&path).canonicalize().ok()).unwrap_or_else(repository)
}

/// Returns the path of a file from a folder, where it is one of a repository; else as it was
/// written, without detours.
pub(super) fn near(path: &str, repository: Option<&Path>) -> String {
    let written = Path::new(path);
    let detour = written.components().any(|part| part == Component::ParentDir);
    if repository.is_none() && !detour {
        return path.to_owned();
    }
    let Some(real) = real(written) else { return path.to_owned() };
    let here = || Path::new(".").canonicalize().unwrap_or_default();
    let folder = repository.map_or_else(here, Path::to_owned);
    match (real.strip_prefix(folder), repository) {
        (Ok(inside), _) => inside.display().to_string(),
        (Err(_), Some(_)) => real.display().to_string(),
        (Err(_), None) => path.to_owned(),
    }
}

/// Returns the absolute path of a file, whose own name is kept where it is a link.
fn real(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
    Some(folder.join(path.file_name()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_it_was_written() {
        for path in ["jobs/ci.toml", "./jobs/ci.toml", "/etc/none.toml", "-", "no/such.toml"] {
            assert_eq!(near(path, None), path);
        }
        assert_eq!(near("jobs/../jobs/tutorial/../ci.toml", None), "jobs/ci.toml");
        assert_eq!(near("../../../../../../../etc/hosts", None), "../../../../../../../etc/hosts");
    }

    #[test]
    fn a_system_reads_it_from_the_top() {
        let top = Path::new("jobs").canonicalize().unwrap();
        assert_eq!(near("jobs/tutorial/../ci.toml", Some(&top)), "ci.toml");
        let cargo = near("Cargo.toml", Some(&top));
        assert!(cargo.starts_with('/') && cargo.ends_with("/Cargo.toml"), "{cargo}");
    }
}
