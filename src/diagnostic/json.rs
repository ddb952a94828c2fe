//! JSON: all that is known of each problem, for programs, and its schema.
//!
//! The structs that are written are those that the schema is made of, in [`super::found`]. Unaware
//! of how problems are found.

use schemars::generate::SchemaSettings;

use super::findings::Findings;
use super::found::Problems;
use super::safe;

/// Writes one JSON value.
pub(super) fn json(findings: &Findings) -> String {
    pretty(&Problems { problems: findings.all().collect() })
}

/// Returns the JSON Schema of that value, draft-07, pretty, with a newline at the end.
pub fn schema() -> String {
    let settings = SchemaSettings::draft07().for_serialize();
    pretty(&settings.into_generator().into_root_schema_for::<Problems<'_>>())
}

/// Writes a value for programs and for those who look at what programs read.
pub(super) fn pretty(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_string_pretty(value).expect("plain data is JSON");
    safe::json(&text).into_owned() + "\n"
}

#[cfg(test)]
mod tests {
    /// Where the schema is kept, for programs that read it from the repository.
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/problems.schema.json");

    #[test]
    fn schema_file_is_up_to_date() {
        let now = super::schema();
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(FILE, &now).unwrap();
        }
        let kept = std::fs::read_to_string(FILE).unwrap_or_default();
        assert!(kept == now, "run the tests once with UPDATE_SCHEMA=1");
    }
}
