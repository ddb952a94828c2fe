//! Plain: a path without detours, as it is written and not as links lead.
//!
//! Unaware of what is there.

use std::path::{Component, Path, PathBuf};

/// Returns a path without `.` and `..`.
pub fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => plain.push(part),
        }
    }
    plain
}
