use std::borrow::Cow;

use hansard_domain::MessageKey;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// `MsgKey`, the name of a one-to-one message: `<MsgSeq>_<MsgRandom>_<MsgTimeStamp>`.
pub(crate) struct MsgKey(pub(crate) MessageKey);

impl JsonSchema for MsgKey {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "MsgKey".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+_[0-9]+_[0-9]+$" })
    }
}

impl<'de> Deserialize<'de> for MsgKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}
