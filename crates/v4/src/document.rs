//! This surface's part of the OpenAPI document: the table with the schemas of its types.

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use crate::service::Service;
use crate::{Endpoint, endpoints};

/// What every endpoint of `/v4` takes in the query.
const PARAMETERS: [(&str, bool, &str); 5] = [
    ("sdkappid", true, "The app"),
    ("identifier", true, "An administrator of the app"),
    ("usersig", true, "The administrator's UserSig"),
    ("random", false, "Any number; not looked at"),
    ("contenttype", false, "json; not looked at"),
];

/// Every path under each of its names.
pub fn paths(schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let mut paths = Map::new();
    for endpoint in endpoints() {
        let mut names = vec![endpoint.command];
        names.extend(endpoint.aliases);
        for name in names {
            let path = format!("/v4/{}/{name}", endpoint.service.path);
            let operation = operation(endpoint, name, schemas);
            paths.insert(path, json!({ "post": operation }));
        }
    }
    paths
}

/// What answers have in common.
fn envelope(service: &Service, status: &str, code: &Value) -> Value {
    let mut properties = json!({ "ErrorCode": code, "ErrorInfo": { "type": "string" } });
    if service.has_action_status {
        properties["ActionStatus"] = json!({ "const": status });
    }
    if service.has_error_display {
        properties["ErrorDisplay"] = json!({ "type": "string" });
    }
    let required: Vec<&String> = properties
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .collect();
    let required = json!(required);
    json!({ "type": "object", "properties": properties, "required": required })
}

fn operation(endpoint: &Endpoint, name: &str, schemas: &mut SchemaGenerator) -> Value {
    let parameters: Vec<Value> = PARAMETERS
        .iter()
        .map(|(name, required, about)| {
            json!({ "name": name, "in": "query", "required": required, "description": about,
                "schema": { "type": "string" } })
        })
        .collect();
    let done = envelope(endpoint.service, "OK", &json!({ "const": 0 }));
    let refused = envelope(
        endpoint.service,
        "FAIL",
        &json!({ "type": "integer", "minimum": 1 }),
    );
    let response = (endpoint.response)(schemas);
    let service = endpoint.service.path;
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
                "schema": { "anyOf": [{ "allOf": [done, response] }, refused] },
            } },
        } },
    });
    if name != endpoint.command {
        operation["deprecated"] = json!(true);
    }
    operation
}
