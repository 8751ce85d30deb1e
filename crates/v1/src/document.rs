//! This surface's part of the OpenAPI document: the table with the schemas of its types.

use hansard_types::limits::USER_ID_BYTES_MAX;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use crate::{Kind, OPERATIONS, Operation, Problem};

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

fn schema_of(kind: Kind) -> Value {
    match kind {
        Kind::Text(max) => json!({ "type": "string", "minLength": 1, "maxLength": max }),
        Kind::Count(max) => json!({ "type": "integer", "minimum": 1, "maximum": max }),
        Kind::Account => json!({
            "type": "string", "minLength": 1, "maxLength": USER_ID_BYTES_MAX,
            "pattern": "^[ -~]+$",
        }),
        Kind::Position => json!({ "type": "string", "pattern": "^0:[0-9]{1,19}$" }),
        Kind::OneOf(words) => json!({ "enum": words }),
        Kind::Other => json!({ "type": "string" }),
    }
}

fn operation(operation: &Operation, schemas: &mut SchemaGenerator) -> Value {
    let mut parameters = vec![json!({
        "name": "app", "in": "path", "required": true, "description": "The sdkappid",
        "schema": { "type": "integer", "minimum": 1, "maximum": u32::MAX },
    })];
    for parameter in operation.parameters {
        parameters.push(json!({
            "name": parameter.name, "in": "query", "required": parameter.required,
            "description": parameter.about, "schema": schema_of(parameter.kind),
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
