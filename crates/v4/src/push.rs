//! `OfflinePushInfo`: how a message is shown to who is not there (reference: section 12.3). It is kept
//! with the message, for whoever pushes: a subscriber of the log.

use hansard_types::limits::{OFFLINE_PUSH_BYTES_MAX, OFFLINE_PUSH_TEXT_BYTES_MAX};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::endpoint::Failure;

/// 0 or 1.
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[schemars(extend("enum" = [0, 1]))]
struct Flag(u8);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            flag @ (0 | 1) => Ok(Self(flag)),
            _ => Err(serde::de::Error::custom("it is 0 or 1")),
        }
    }
}

/// Everything is optional; what is not named here stays with it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OfflinePushInfo {
    /// 1: it is not pushed.
    #[serde(skip_serializing_if = "Option::is_none")]
    push_flag: Option<Flag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// Instead of what the message says; with `Ext` at most 3 KB.
    #[serde(skip_serializing_if = "Option::is_none")]
    desc: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ext: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    android_info: Option<AndroidInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apns_info: Option<ApnsInfo>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct AndroidInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    sound: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    push_style: Option<Flag>,
    #[serde(rename = "VIVOClassification", skip_serializing_if = "Option::is_none")]
    vivo_classification: Option<Flag>,
    #[serde(rename = "HuaWeiImportance", skip_serializing_if = "Option::is_none")]
    huawei_importance: Option<Importance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ext_as_huawei_intent_param: Option<Flag>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum Importance {
    Low,
    Normal,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct ApnsInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    sound: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    badge_mode: Option<Flag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutable_content: Option<Flag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interruption_level: Option<InterruptionLevel>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum InterruptionLevel {
    Active,
    Critical,
    Passive,
    TimeSensitive,
}

impl OfflinePushInfo {
    /// As a message keeps it; `code`: what a service calls one that is too long.
    pub(crate) fn kept(info: Option<Self>, code: u32) -> Result<Option<String>, Failure> {
        let Some(info) = info else { return Ok(None) };
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let bytes = text(&info.desc) + text(&info.ext);
        let kept = serde_json::to_string(&info).map_err(Failure::broken)?;
        if bytes > OFFLINE_PUSH_TEXT_BYTES_MAX || kept.len() > OFFLINE_PUSH_BYTES_MAX {
            let info = "OfflinePushInfo is at most 8 KB, its Desc and Ext together 3 KB";
            return Err(Failure::refused(code, info));
        }
        Ok(Some(kept))
    }
}
