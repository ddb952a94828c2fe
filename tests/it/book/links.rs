//! Links: every relative link of a page leads to a file, and to a heading of it.
//!
//! Addresses of the web are not looked up: a test that needs others to be there proves nothing.

use std::path::{Component, Path, PathBuf};

use super::{pages, root, text};

/// Pages beside those of the book.
const BESIDE: [&str; 4] =
    ["ARCHITECTURE.md", "CHANGELOG.md", "bench/README.md", "jobs/workers/README.md"];

#[test]
fn every_link_leads_somewhere() {
    let mut dead = Vec::new();
    let mut seen = 0;
    for page in pages().into_iter().chain(BESIDE.map(str::to_owned)) {
        for link in links(&text(&page)) {
            seen += 1;
            if !leads(&page, &link) {
                dead.push(format!("{page}: {link}"));
            }
        }
    }
    assert!(seen > 100, "only {seen} links were found");
    assert!(dead.is_empty(), "dead links: {dead:#?}");
}

/// Returns whether a link leads somewhere.
fn leads(page: &str, link: &str) -> bool {
    if link.starts_with("http://") || link.starts_with("https://") {
        return true;
    }
    let (file, anchor) = link.split_once('#').map_or((link, None), |(f, a)| (f, Some(a)));
    let folder = Path::new(page).parent().unwrap_or(Path::new(""));
    let path = if file.is_empty() { PathBuf::from(page) } else { clean(&folder.join(file)) };
    let is_there = root().join(&path).exists();
    let has = |anchor: &str| headings(&text(&path.to_string_lossy())).iter().any(|h| h == anchor);
    is_there && anchor.is_none_or(has)
}

/// Returns a path without `..`, which may not lead out of the repository.
fn clean(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => assert!(cleaned.pop(), "{} leads out", path.display()),
            part => cleaned.push(part),
        }
    }
    cleaned
}

/// Returns where the links of a page lead.
fn links(text: &str) -> Vec<String> {
    let prose = prose(text).join("\n");
    let without_code: Vec<&str> = prose.split('`').step_by(2).collect();
    let rests = without_code.join("").split("](").skip(1).map(str::to_owned).collect::<Vec<_>>();
    rests.iter().filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

/// Returns the anchors of the headings of a page, as a forge and mdBook make them.
fn headings(text: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    for line in prose(text) {
        let heading = line.trim_start_matches('#');
        if heading.len() == line.len() || !heading.starts_with(' ') {
            continue;
        }
        let anchor = anchor(heading);
        let same = anchors.iter().filter(|other| **other == anchor).count();
        anchors.push(if same == 0 { anchor } else { format!("{anchor}-{same}") });
    }
    anchors
}

/// Returns the anchor of a heading.
pub(super) fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' '));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Returns the lines of a page that stand in no block.
fn prose(text: &str) -> Vec<&str> {
    let mut is_block = false;
    let outside = text.lines().filter(|line| {
        let is_fence = line.starts_with("```");
        is_block ^= is_fence;
        !is_block && !is_fence
    });
    outside.collect()
}

#[test]
fn a_dead_link_is_seen() {
    let text = "# One `two`, Three\n[a](b.md#c) `[x](y)`\n```\n[no](link)\n# no\n```\n[d](#e)\n";
    assert_eq!(links(text), ["b.md#c", "#e"]);
    assert_eq!(headings(text), ["one-two-three"]);
    assert!(leads("README.md", "docs/language.md#secrets"));
    assert!(!leads("README.md", "docs/language.md#no-such-heading"));
    assert!(!leads("README.md", "docs/no-such-page.md"));
}
