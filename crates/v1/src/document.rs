//! This surface's part of the OpenAPI document: the table with the schemas of its types.

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use crate::{OPERATIONS, Operation, Problem};

/// Every path with its methods.
pub fn paths(schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let mut paths: Map<String, Value> = Map::new();
    for row in OPERATIONS.iter().copied().flatten() {
        let item = paths.entry(row.path).or_insert_with(|| json!({}));
        item[row.method] = operation(row, schemas);
    }
    // Also of what no operation answers with.
    schemas.subschema_for::<Problem>();
    paths
}

fn operation(operation: &Operation, schemas: &mut SchemaGenerator) -> Value {
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
