//! Schema: the JSON Schema of the event stream, from the types that are written.
//!
//! Draft-07, as that of job files. Unaware of how a schema is used.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use serde_json::json;

use super::Event;

/// Returns the schema of one line of the stream, pretty, with a newline at the end.
pub fn schema() -> String {
    let settings = SchemaSettings::draft07().with_transform(with_tags_described);
    let schema = settings.into_generator().into_root_schema_for::<Event>();
    serde_json::to_string_pretty(&schema).expect("a schema is plain JSON") + "\n"
}

/// Gives the word that tells variants apart the description of its variant.
fn with_tags_described(schema: &mut Schema) {
    let whole = schema.get("description").cloned();
    let fields = schema.get_mut("properties").and_then(|fields| fields.as_object_mut());
    for field in fields.into_iter().flatten().filter_map(|(_, field)| field.as_object_mut()) {
        field.entry("description").or_insert_with(|| whole.clone().unwrap_or(json!("")));
    }
    transform_subschemas(&mut with_tags_described, schema);
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    /// Where the schema is kept, for readers of the stream.
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/events.schema.json");

    #[test]
    fn schema_file_is_up_to_date() {
        let now = super::schema();
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(FILE, &now).unwrap();
        }
        let kept = std::fs::read_to_string(FILE).unwrap_or_default();
        assert!(kept == now, "run the tests once with UPDATE_SCHEMA=1");
    }

    #[test]
    fn every_field_is_described() {
        let schema: Value = serde_json::from_str(&super::schema()).unwrap();
        let mut missing = Vec::new();
        let mut fields = 0;
        let mut open = vec![("", &schema)];
        while let Some((name, value)) = open.pop() {
            for (key, field) in value["properties"].as_object().into_iter().flatten() {
                fields += 1;
                if field["description"].as_str().is_none_or(str::is_empty) {
                    missing.push(format!("{name}.{key}"));
                }
            }
            match value {
                Value::Object(entries) => {
                    open.extend(entries.iter().map(|(key, value)| (key.as_str(), value)));
                }
                Value::Array(list) => open.extend(list.iter().map(|value| (name, value))),
                _ => {}
            }
        }
        assert!(fields > 50, "only {fields} fields were found");
        assert!(missing.is_empty(), "without a description: {missing:?}");
    }
}
