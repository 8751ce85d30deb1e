//! The OpenAPI 3.1 document: what each surface says of itself.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use serde_json::{Map, Value, json};

/// The document; the same for the same release, so it can be kept and compared.
#[must_use]
pub fn openapi() -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .with_transform(bound_numbers);
    let mut schemas = settings.into_generator();
    let mut paths: Map<String, Value> = hansard_v4::paths(&mut schemas);
    paths.extend(hansard_v1::paths(&mut schemas));
    for (path, summary) in [
        ("/healthz", "Whether the process lives"),
        ("/readyz", "Whether it takes commands"),
        ("/metrics", "Metrics in Prometheus' text format"),
        ("/openapi.json", "This document"),
    ] {
        let operation = json!({
            "operationId": path.trim_start_matches('/').replace('.', "_"),
            "summary": summary,
            "responses": { "200": { "description": "OK" } },
        });
        paths.insert(path.to_owned(), json!({ "get": operation }));
    }
    let mut components = schemas.take_definitions(true);
    components.sort_keys();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Hansard",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": { "usersig": {
                "type": "http", "scheme": "bearer",
                "description": "A UserSig of an administrator of the app or, for what is an \
                                account's own, of that account",
            } },
        },
    })
}

/// Says of whole numbers how large they may be: readers of the document know no `uint32`.
fn bound_numbers(schema: &mut Schema) {
    let max = match schema.get("format").and_then(Value::as_str) {
        Some("uint8") => Some(u64::from(u8::MAX)),
        Some("uint16") => Some(u64::from(u16::MAX)),
        Some("uint32") => Some(u64::from(u32::MAX)),
        Some("uint" | "uint64") => Some(u64::MAX),
        Some(_) | None => None,
    };
    if let (Some(max), None) = (max, schema.get("maximum")) {
        schema.insert("maximum".to_owned(), max.into());
    }
    transform_subschemas(&mut bound_numbers, schema);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every `$ref` of a document.
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                for (name, inside) in fields {
                    if let (true, Some(target)) = (name == "$ref", inside.as_str()) {
                        found.insert(target.to_owned());
                    }
                    references(inside, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn it_is_the_same_every_time() {
        assert_eq!(openapi().to_string(), openapi().to_string());
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = openapi();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(!found.is_empty(), "it uses components");
        for target in found {
            let pointer = target
                .strip_prefix('#')
                .expect("a reference inside the document");
            assert!(document.pointer(pointer).is_some(), "{target}");
        }
    }

    #[test]
    fn every_operation_has_an_id_of_its_own() {
        let document = openapi();
        let mut ids = BTreeSet::new();
        for (path, item) in document["paths"].as_object().expect("paths") {
            for operation in item.as_object().expect("operations").values() {
                let id = operation["operationId"].as_str().expect("an id");
                assert!(ids.insert(id.to_owned()), "{path}: {id}");
            }
        }
    }
}
