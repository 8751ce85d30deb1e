use std::collections::BTreeMap;

use anyhow::Result;
use hansard_domain::group::rules;
use hansard_events::group::GroupType;
use hansard_events::{CATALOGUE, json_of_body};
use hansard_store::Table;
use hansard_types::Reason;
use serde_json::Value;

/// What the code says, as the generator and the lock take it. Tests make up their own.
#[derive(Debug, Clone)]
pub struct Code {
    pub events: Vec<EventType>,
    pub tables: Vec<Numbered>,
    pub reasons: Vec<Numbered>,
    pub projections: Vec<String>,
    /// The document that the server answers at `/openapi.json`.
    pub openapi: Option<Value>,
    /// Pages of the manual that are made from tables of the code, by their file's name.
    pub pages: BTreeMap<String, String>,
}

/// A row of the catalogue, with its schema and sample.
#[derive(Debug, Clone)]
pub struct EventType {
    pub name: String,
    pub family: String,
    pub version: u16,
    pub since: String,
    pub summary: String,
    pub schema: Value,
    pub sample: Value,
    /// The sample as the log would hold it.
    pub body: Vec<u8>,
}

/// A name with the number it is stored under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    pub name: String,
    pub number: u16,
}

/// Every table of the product. A new projection adds its line here and in `PROJECTIONS`; a
/// missing one is named by the test `every_table_of_the_tree_is_in_the_lock`.
fn tables() -> impl Iterator<Item = &'static Table> {
    [
        hansard_projector::TABLES,
        hansard_directory::TABLES,
        hansard_groups::TABLES,
        hansard_conversations::TABLES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

const PROJECTIONS: &[&str] = &[
    hansard_directory::NAME,
    hansard_groups::NAME,
    hansard_conversations::NAME,
    hansard_search::NAME,
];

/// What each type of group allows, for people.
fn group_rules() -> String {
    let mut page = String::from(
        "# What each type of group allows and begins with

Made by `cargo xtask schemas` from the table that the deciders read
(`crates/domain/src/group/rules.rs`). An administrator of the app may do all that is done in groups
of a type; an account, what its role in the group is named for. A type is called on the wire as it
is here; the product names are Work (`Private`) and Meeting (`ChatRoom`).

| rule |",
    );
    for group_type in GroupType::ALL {
        page.push_str(&format!(" `{}` |", group_type.wire_name()));
    }
    page.push_str("\n| --- |");
    page.push_str(&" --- |".repeat(GroupType::ALL.len()));
    for row in rules::rows() {
        page.push_str(&format!("\n| {} (`{}`) |", row.says, row.name));
        for cell in row.cells {
            page.push_str(&format!(" {cell} |"));
        }
    }
    page.push('\n');
    page
}

impl Code {
    /// What this checkout says.
    ///
    /// # Errors
    /// When a sample does not encode, which would be a mistake of ours.
    pub fn today() -> Result<Self> {
        let mut events = Vec::with_capacity(CATALOGUE.len());
        for row in CATALOGUE {
            let body = (row.sample)().body_bytes()?;
            events.push(EventType {
                name: row.name.to_owned(),
                family: row.family.to_owned(),
                version: row.version,
                since: row.since.to_owned(),
                summary: row.summary.trim().to_owned(),
                schema: (row.schema)().to_value(),
                sample: json_of_body(&body)?,
                body,
            });
        }
        let table = |table: &Table| Numbered {
            name: table.name.to_owned(),
            number: table.kind,
        };
        let reason = |reason: &Reason| Numbered {
            name: reason.name().to_owned(),
            number: reason.number(),
        };
        Ok(Self {
            events,
            tables: tables().map(table).collect(),
            reasons: Reason::ALL.iter().map(reason).collect(),
            projections: PROJECTIONS.iter().map(|&name| name.to_owned()).collect(),
            openapi: Some(hansard_http::openapi()),
            pages: BTreeMap::from([("group-rules.md".to_owned(), group_rules())]),
        })
    }
}

impl EventType {
    /// The name within its family: `sent` of `message.sent`.
    #[must_use]
    pub fn short_name(&self) -> &str {
        self.name
            .strip_prefix(self.family.as_str())
            .and_then(|rest| rest.strip_prefix('.'))
            .unwrap_or(&self.name)
    }

    /// `events/message/sent.v1`
    #[must_use]
    pub fn stem(&self, version: u16) -> String {
        format!("events/{}/{}.v{version}", self.family, self.short_name())
    }

    /// A file of its newest version.
    #[must_use]
    pub fn path(&self, extension: &str) -> String {
        format!("{}.{extension}", self.stem(self.version))
    }
}
