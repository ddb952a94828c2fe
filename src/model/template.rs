//! Template: text with placeholders, taken apart once.
//!
//! `{{` is a literal brace. A brace opens a placeholder only where a name made of lowercase words
//! and dots and a closing brace follow, and never after `$`, so that shell, awk and JSON stay what
//! they are. Values are put in by whoever has them, one pass only: a value is never read again for
//! placeholders. Unaware of where values come from.

use std::ops::Range;

/// Text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Literal text.
    Text(String),
    /// A placeholder, with its bytes in the text that was parsed, braces included.
    Value(Placeholder, Range<usize>),
}

/// What a placeholder names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placeholder {
    /// `{vars.NAME}`.
    Var(String),
    /// `{env.NAME}`.
    Env(String),
    /// `{matrix.KEY}`.
    Matrix(String),
    /// `{item}`.
    Item,
    /// `{item.FIELD}`, of a JSON item; dots go deeper.
    ItemField(String),
    /// `{item.index}`.
    ItemIndex,
    /// `{process.NAME.stdout}`.
    Stdout(String),
    /// `{process.NAME.result.KEY}`.
    Result(String, String),
    /// `{run.id}`.
    RunId,
    /// `{slot}`.
    Slot,
}

/// A placeholder that names nothing, as it was written, and its bytes in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// What stands between the braces.
    pub name: String,
    /// Its bytes in the text, braces included.
    pub range: Range<usize>,
}

impl Template {
    /// Takes text apart; what is not a placeholder although it looks like one is returned too.
    pub fn parse(text: &str) -> (Self, Vec<TemplateError>) {
        let mut parts = Parts::default();
        let mut errors = Vec::new();
        let mut rest = 0;
        while let Some(found) = text[rest..].find('{') {
            let open = rest + found;
            parts.text(&text[rest..open]);
            let after = &text[open + 1..];
            if after.starts_with('{') {
                parts.text("{");
                rest = open + 2;
                continue;
            }
            if let Some(name) = name_in(after).filter(|_| !text[..open].ends_with('$')) {
                rest = open + name.len() + 2;
                match Placeholder::named(name) {
                    Some(placeholder) => parts.0.push(Part::Value(placeholder, open..rest)),
                    None => {
                        errors.push(TemplateError { name: name.to_owned(), range: open..rest });
                    }
                }
            } else {
                parts.text("{");
                rest = open + 1;
            }
        }
        parts.text(&text[rest..]);
        (Self { parts: parts.0 }, errors)
    }

    /// Makes a template without placeholders.
    pub fn literal(text: impl Into<String>) -> Self {
        Self { parts: vec![Part::Text(text.into())] }
    }

    /// Returns the pieces in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Returns the placeholders with their bytes in the parsed text.
    pub fn placeholders(&self) -> impl Iterator<Item = (&Placeholder, &Range<usize>)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Value(placeholder, range) => Some((placeholder, range)),
        })
    }

    /// Returns the text as it was written, placeholders in braces.
    pub fn source(&self) -> String {
        let piece = |part: &Part| match part {
            Part::Text(text) => text.replace('{', "{{"),
            Part::Value(placeholder, _) => format!("{{{}}}", placeholder.name()),
        };
        self.parts.iter().map(piece).collect()
    }

    /// Puts values in; `value` is asked once for each placeholder, and its error ends the work.
    pub fn fill<E>(
        &self,
        mut value: impl FnMut(&Placeholder) -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        let mut out = Vec::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Value(placeholder, _) => out.extend(value(placeholder)?),
            }
        }
        Ok(out)
    }
}

impl Placeholder {
    /// Returns the placeholder of a name as it stands between the braces.
    fn named(name: &str) -> Option<Self> {
        let (head, tail) = name.split_once('.').unwrap_or((name, ""));
        Some(match (head, tail) {
            ("item", "") if name == "item" => Self::Item,
            ("item", "index") => Self::ItemIndex,
            ("slot", "") if name == "slot" => Self::Slot,
            ("run", "id") => Self::RunId,
            (_, "") => return None,
            ("item", field) => Self::ItemField(field.to_owned()),
            ("vars", var) => Self::Var(var.to_owned()),
            ("env", var) => Self::Env(var.to_owned()),
            ("matrix", key) => Self::Matrix(key.to_owned()),
            ("process", rest) => Self::of_process(rest)?,
            _ => return None,
        })
    }

    /// Returns the placeholder of what stands behind `process.`.
    fn of_process(rest: &str) -> Option<Self> {
        if let Some((process, key)) = rest.split_once(".result.") {
            let named = !process.is_empty() && !key.is_empty();
            return named.then(|| Self::Result(process.to_owned(), key.to_owned()));
        }
        Some(Self::Stdout(rest.strip_suffix(".stdout")?.to_owned()))
    }

    /// Returns whether its value is known only once there is a run, or an attempt.
    pub fn is_late(&self) -> bool {
        match self {
            Self::Item
            | Self::ItemField(_)
            | Self::ItemIndex
            | Self::Stdout(_)
            | Self::Result(..)
            | Self::RunId
            | Self::Slot => true,
            Self::Var(_) | Self::Env(_) | Self::Matrix(_) => false,
        }
    }

    /// Returns the process that it takes something of, once that has ended.
    pub fn process(&self) -> Option<&str> {
        match self {
            Self::Stdout(process) | Self::Result(process, _) => Some(process),
            Self::Var(_)
            | Self::Env(_)
            | Self::Matrix(_)
            | Self::Item
            | Self::ItemField(_)
            | Self::ItemIndex
            | Self::RunId
            | Self::Slot => None,
        }
    }

    /// Returns the same of another process, where it takes something of one.
    #[must_use]
    pub fn of_other(&self, process: &str) -> Self {
        match self {
            Self::Stdout(_) => Self::Stdout(process.to_owned()),
            Self::Result(_, key) => Self::Result(process.to_owned(), key.clone()),
            Self::Var(_)
            | Self::Env(_)
            | Self::Matrix(_)
            | Self::Item
            | Self::ItemField(_)
            | Self::ItemIndex
            | Self::RunId
            | Self::Slot => self.clone(),
        }
    }

    /// Returns the name as it stands between the braces.
    pub fn name(&self) -> String {
        match self {
            Self::Var(name) => format!("vars.{name}"),
            Self::Env(name) => format!("env.{name}"),
            Self::Matrix(key) => format!("matrix.{key}"),
            Self::Item => "item".to_owned(),
            Self::ItemField(field) => format!("item.{field}"),
            Self::ItemIndex => "item.index".to_owned(),
            Self::Stdout(process) => format!("process.{process}.stdout"),
            Self::Result(process, key) => format!("process.{process}.result.{key}"),
            Self::RunId => "run.id".to_owned(),
            Self::Slot => "slot".to_owned(),
        }
    }
}

/// Pieces under construction; neighbouring text is joined.
#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn text(&mut self, text: &str) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(Part::Text(last)) => last.push_str(text),
            _ => self.0.push(Part::Text(text.to_owned())),
        }
    }
}

/// Returns what looks like a placeholder's name at the start of `text`, which follows a brace.
fn name_in(text: &str) -> Option<&str> {
    let name = &text[..text.find('}')?];
    let (head, tail) = name.split_once('.').unwrap_or((name, ""));
    let word = |text: &str, extra: &str| {
        text.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
    };
    let starts = head.starts_with(|c: char| c.is_ascii_lowercase());
    (starts && word(head, "_-") && word(tail, "_-.")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str) -> (String, Vec<String>) {
        let (template, errors) = Template::parse(text);
        (template.source(), errors.into_iter().map(|error| error.name).collect())
    }

    #[test]
    fn placeholders_are_found_and_foreign_braces_stay() {
        let text = "a{item.url}b{vars.x}{process.a.stdout}{process.a.b.result.c.stdout}";
        let (template, errors) = Template::parse(text);
        assert!(errors.is_empty());
        let names: Vec<_> = template.placeholders().map(|(p, _)| p.name()).collect();
        let all = ["item.url", "vars.x", "process.a.stdout", "process.a.b.result.c.stdout"];
        assert_eq!(names, all);
        let of: Vec<_> = template.placeholders().filter_map(|(p, _)| p.process()).collect();
        assert_eq!(of, ["a", "a.b"]);
        for text in ["${HOME}", "${item}", "awk '{print $1}'", "{}", "{\"a\":1}", "{1..3}", "{A}"] {
            let (template, errors) = Template::parse(text);
            assert!(errors.is_empty(), "{text}");
            assert_eq!(template.parts(), [Part::Text(text.to_owned())]);
        }
    }

    #[test]
    fn doubled_brace_is_literal() {
        let (template, errors) = Template::parse("{{item}");
        assert!(errors.is_empty());
        assert_eq!(template.parts(), [Part::Text("{item}".to_owned())]);
        assert_eq!(template.source(), "{{item}");
    }

    #[test]
    fn unknown_names_are_errors_with_their_bytes() {
        assert_eq!(sources("x{itme}y").1, ["itme"]);
        assert_eq!(Template::parse("x{itme}y").1[0].range, 1..7);
        for name in ["process.a.stderr", "process.a.result", "process.a.result."] {
            assert_eq!(sources(&format!("{{{name}}}")).1, [name]);
        }
    }
}
