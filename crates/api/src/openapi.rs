//! The OpenAPI 3.1 document: the tables of both surfaces with the schemas of their types.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::v1::problem::Problem;
use crate::v4::Endpoint;
use crate::{v1, v4};

/// What every endpoint of `/v4` takes in the query.
const V4_PARAMETERS: [(&str, bool, &str); 5] = [
    ("sdkappid", true, "The app"),
    ("identifier", true, "An administrator of the app"),
    ("usersig", true, "The administrator's UserSig"),
    ("random", false, "Any number; not looked at"),
    ("contenttype", false, "json; not looked at"),
];

/// The document; the same for the same release, so it can be kept and compared.
#[must_use]
pub fn openapi() -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut schemas = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for endpoint in v4::endpoints() {
        let mut names = vec![endpoint.command];
        names.extend(endpoint.aliases);
        for name in names {
            let path = format!("/v4/{}/{name}", endpoint.service.path());
            let operation = v4_operation(endpoint, name, &mut schemas);
            paths.insert(path, json!({ "post": operation }));
        }
    }
    for operation in v1::OPERATIONS.iter().copied().flatten() {
        let item = paths.entry(operation.path).or_insert_with(|| json!({}));
        item[operation.method] = v1_operation(operation, &mut schemas);
    }
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
    schemas.subschema_for::<Problem>();
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
                "description": "A UserSig of an administrator of the app",
            } },
        },
    })
}

fn v4_operation(endpoint: &Endpoint, name: &str, schemas: &mut SchemaGenerator) -> Value {
    let parameters: Vec<Value> = V4_PARAMETERS
        .iter()
        .map(|(name, required, about)| {
            json!({ "name": name, "in": "query", "required": required, "description": about,
                "schema": { "type": "string" } })
        })
        .collect();
    let required: &[&str] = if endpoint.service.has_action_status() {
        &["ActionStatus", "ErrorCode", "ErrorInfo"]
    } else {
        &["ErrorCode", "ErrorInfo"]
    };
    let envelope = json!({
        "type": "object",
        "properties": {
            "ActionStatus": { "enum": ["OK", "FAIL"] },
            "ErrorCode": { "type": "integer" },
            "ErrorInfo": { "type": "string" },
        },
        "required": required,
    });
    let response = (endpoint.response)(schemas);
    let service = endpoint.service.path();
    let mut operation = json!({
        "operationId": format!("{service}_{name}"),
        "tags": [service],
        "summary": endpoint.summary,
        "parameters": parameters,
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": (endpoint.request)(schemas) } },
        },
        "responses": { "200": {
            "description": "Also for errors: the code is in the body",
            "headers": { "hansard-position": {
                "description": "Of a write: where its event is", "schema": { "type": "string" },
            } },
            "content": { "application/json": {
                "schema": { "anyOf": [{ "allOf": [envelope, response] }, envelope] },
            } },
        } },
    });
    if name != endpoint.command {
        operation["deprecated"] = json!(true);
    }
    operation
}

fn v1_operation(operation: &v1::Operation, schemas: &mut SchemaGenerator) -> Value {
    let mut parameters = vec![json!({
        "name": "app", "in": "path", "required": true, "description": "The sdkappid",
        "schema": { "type": "integer" },
    })];
    for parameter in operation.parameters {
        parameters.push(json!({
            "name": parameter.name, "in": "query", "required": parameter.required,
            "description": parameter.about, "schema": { "type": "string" },
        }));
    }
    let (content_type, response) = operation.response;
    let problem = schemas.subschema_for::<Problem>();
    let mut document = json!({
        "operationId": operation.id,
        "tags": ["v1"],
        "summary": operation.summary,
        "security": [{ "usersig": [] }],
        "parameters": parameters,
        "responses": {
            "200": {
                "description": "OK",
                "content": { content_type: { "schema": response(schemas) } },
            },
            "default": {
                "description": "RFC 9457 problem details",
                "content": { "application/problem+json": { "schema": problem } },
            },
        },
    });
    if let Some((content_type, request)) = operation.request {
        document["requestBody"] = json!({
            "required": true,
            "content": { content_type: { "schema": request(schemas) } },
        });
    }
    document
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
