//! The HTTP surfaces: /v4, /v1, health and OpenAPI.
