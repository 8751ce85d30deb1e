use hansard_domain::Command;
use hansard_domain::app::{ChangeAppSettings, CreateApp};
use hansard_events::app::{CustomField, FieldRank, FieldType, GroupField, Party};
use hansard_types::{Actor, AppId, UserId};
use rand::Rng as _;

use super::super::super::model::Order;
use super::Maker;
use crate::testing::{APP, user};

/// Besides [`APP`]; the last one is never created.
const APPS: [AppId; 4] = [
    AppId(1_400_000_002),
    AppId(1_400_000_003),
    AppId(1_400_000_004),
    AppId(1_400_000_005),
];

impl Maker {
    /// A command for the control log.
    pub(in super::super) fn control(&mut self) -> Order {
        let command = self.control_command();
        if matches!(command, Command::CreateApp(_)) && self.yes(0.5) {
            let actor = Actor::System;
            return Order { actor, command };
        }
        self.given(command)
    }

    fn control_command(&mut self) -> Command {
        if self.yes(0.3) {
            return Command::CreateApp(CreateApp {
                app_id: self.of(&APPS[..APPS.len() - 1]),
                administrators: self.administrators(),
                secret_fingerprint: self.word(),
                partitions: self.of(&[1, 1, 2, 3, 0, 65]),
            });
        }
        let app_id = if self.yes(0.6) { APP } else { self.of(&APPS) };
        Command::ChangeAppSettings(ChangeAppSettings {
            app_id,
            administrators: self.maybe(0.3, Self::administrators),
            secret_fingerprint: self.maybe(0.3, Self::word),
            profile_fields: self.maybe(0.5, |maker| maker.declared("Team", "Rank")),
            friend_fields: self.maybe(0.5, |maker| maker.declared("Met", "Class")),
            group_fields: self.maybe(0.3, |maker| maker.group_fields("Colour")),
            member_fields: self.maybe(0.3, |maker| maker.group_fields("Desk")),
            // What a group tells depends on it at once; the model cannot say when it is known.
            group_notices: None,
            group_limits: None,
            message_limits: None,
        })
    }

    /// Sometimes with an account that the simulation deletes, or would.
    fn administrators(&mut self) -> Vec<UserId> {
        let also = self.maybe(0.3, |_| user("eva"));
        [user("administrator")].into_iter().chain(also).collect()
    }

    fn group_fields(&mut self, key: &str) -> Vec<GroupField> {
        let key = match self.rng.random_range(0..20) {
            0 => "no key",
            1 => "Colour",
            _ => key,
        };
        let field = GroupField {
            key: key.to_owned(),
            readers: FieldRank::Anyone,
            writers: FieldRank::Admin,
        };
        self.maybe(0.8, |_| field).into_iter().collect()
    }

    fn declared(&mut self, one: &str, other: &str) -> Vec<CustomField> {
        let mut fields = Vec::new();
        for name in [one, other] {
            let name = if self.yes(0.03) { "not letters" } else { name };
            let is_bytes = self.yes(0.03);
            fields.extend(self.maybe(0.8, |maker| CustomField {
                name: name.to_owned(),
                field_type: if is_bytes {
                    FieldType::Bytes
                } else {
                    FieldType::Text
                },
                readers: vec![Party::App, Party::Admin],
                writers: maker.of(&[
                    vec![Party::Admin],
                    vec![Party::App],
                    vec![Party::App, Party::Admin],
                ]),
            }));
        }
        fields
    }
}
