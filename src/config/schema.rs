//! Schema: the JSON Schema of a job file, from the structs that load it.
//!
//! Draft-07, because editors understand it best. What TOML does not have, `null`, is taken out.
//! Unaware of how a schema is used.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use serde_json::Value;

use super::raw::JobFile;

/// Returns the schema, pretty, with a newline at the end.
pub fn schema() -> String {
    let settings = SchemaSettings::draft07().with_transform(without_null);
    let schema = settings.into_generator().into_root_schema_for::<JobFile>();
    let text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    text + "\n"
}

/// Takes `null` out of every choice of types.
fn without_null(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|one| one != "null");
        if types.len() == 1 {
            let only = types.remove(0);
            schema.insert("type".to_owned(), only);
        }
    }
    transform_subschemas(&mut without_null, schema);
}

#[cfg(test)]
mod tests {
    /// Where the schema is kept, for editors that read it from the repository.
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/runner.schema.json");

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
    fn every_key_is_described() {
        let schema: serde_json::Value = serde_json::from_str(&super::schema()).unwrap();
        let tables = schema["definitions"].as_object().unwrap().values().chain([&schema]);
        let keys: Vec<_> =
            tables.filter_map(|table| table["properties"].as_object()).flatten().collect();
        assert!(keys.len() > 60, "only {} keys were found", keys.len());
        for (key, value) in keys {
            assert!(value["description"].is_string(), "`{key}` has no description");
        }
    }
}
