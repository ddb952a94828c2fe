//! Annotation: a mark at a place in a file, which a system shows beside the changed lines.
//!
//! Unaware of who has found what.

use super::Ci;
use super::escape::{azure_command, github_command, teamcity_message};
use crate::model::Severity;

/// The kind of `TeamCity`'s inspections.
const KIND: &str = "runner";

/// What is marked.
#[derive(Debug, Clone, Copy)]
pub struct Annotation<'a> {
    /// How bad it is.
    pub severity: Severity,
    /// The file, from the top of its repository.
    pub file: &'a str,
    /// The line, from 1, where one is known.
    pub line: Option<u32>,
    /// The column, from 1, where one is known.
    pub column: Option<u32>,
    /// The rule, or who found it.
    pub title: &'a str,
    /// What is wrong.
    pub message: &'a str,
}

/// Returns what has to stand in front of the first annotation.
pub fn heading(ci: Ci) -> String {
    match ci {
        Ci::TeamCity => {
            let description = "what problem matchers have found";
            let kind = [("id", KIND), ("name", "problem-matcher"), ("category", KIND)];
            let kind: Vec<_> = kind.into_iter().chain([("description", description)]).collect();
            teamcity_message("inspectionType", &kind)
        }
        Ci::GitHub | Ci::GitLab | Ci::Azure | Ci::Buildkite => String::new(),
    }
}

/// Returns the order that marks a place; nothing where a system has none.
pub fn annotation(ci: Ci, mark: &Annotation<'_>) -> String {
    let Annotation { severity, file, line, column, title, message } = *mark;
    let (word, grade) = match severity {
        Severity::Error => ("error", "ERROR"),
        Severity::Warning => ("warning", "WARNING"),
    };
    let line = line.map(|line| line.to_string());
    let column = column.map(|column| column.to_string());
    let at = |names: [&'static str; 2]| {
        let [line, column] = [&line, &column].map(|text| text.as_deref());
        names.into_iter().zip([line, column]).filter_map(|(name, text)| Some((name, text?)))
    };
    match ci {
        Ci::GitHub => {
            let place = std::iter::once(("file", file)).chain(at(["line", "col"]));
            let properties: Vec<_> = place.chain([("title", title)]).collect();
            github_command(word, &properties, message)
        }
        Ci::Azure => {
            let place = [("type", word), ("sourcepath", file)].into_iter();
            let place = place.chain(at(["linenumber", "columnnumber"]));
            let properties: Vec<_> = place.chain([("code", title)]).collect();
            azure_command("task.logissue", &properties, message)
        }
        Ci::TeamCity => {
            let line = line.as_deref().unwrap_or("1");
            let message = format!("{title}: {message}");
            let place = [("typeId", KIND), ("message", &message), ("file", file), ("line", line)];
            let attributes: Vec<_> = place.into_iter().chain([("SEVERITY", grade)]).collect();
            teamcity_message("inspection", &attributes)
        }
        Ci::GitLab | Ci::Buildkite => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_its_words() {
        let mark = Annotation {
            severity: Severity::Warning,
            file: "src/a,b.rs",
            line: Some(7),
            column: None,
            title: "E0308",
            message: "it's 100%",
        };
        let told = |ci| annotation(ci, &mark);
        assert_eq!(
            told(Ci::GitHub),
            "::warning file=src/a%2Cb.rs,line=7,title=E0308::it's 100%25\n"
        );
        assert_eq!(
            told(Ci::Azure),
            "##vso[task.logissue type=warning;sourcepath=src/a,b.rs;linenumber=7;code=E0308;]\
             it's 100%AZP25\n"
        );
        assert_eq!(
            told(Ci::TeamCity),
            "##teamcity[inspection typeId='runner' message='E0308: it|'s 100%' \
             file='src/a,b.rs' line='7' SEVERITY='WARNING']\n"
        );
        assert_eq!(told(Ci::GitLab), "");
    }
}
