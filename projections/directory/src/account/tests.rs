use hansard_events::{Event, Sample};
use hansard_store::{Durability, Store as _};
use hansard_testkit::{Folded, LOG, user};

use super::*;
use crate::Directory;

fn ann() -> UserId {
    user("ann")
}

type Fixture = Folded<Directory>;

fn reader(fixture: &Fixture) -> Reader<'_> {
    Reader::new(&fixture.store, LOG)
}

fn imported(nick: Option<&str>) -> AccountImported {
    AccountImported {
        user_id: ann(),
        nick: nick.map(str::to_owned),
        face_url: None,
    }
}

fn muted(c2c_until: Option<u64>, group_until: Option<u64>) -> AccountMuted {
    AccountMuted {
        user_id: ann(),
        c2c_until: c2c_until.map(Timestamp),
        group_until: group_until.map(Timestamp),
    }
}

fn changed(tag: &str, value: ProfileValue) -> AccountProfileChanged {
    AccountProfileChanged {
        user_id: ann(),
        fields: BTreeMap::from([(tag.to_owned(), value)]),
    }
}

fn revoked(issued_up_to_seconds: u64) -> SignaturesRevoked {
    SignaturesRevoked {
        user_id: ann(),
        issued_up_to_seconds,
    }
}

#[test]
fn an_imported_nickname_is_the_profiles() {
    let mut fixture = Fixture::new(Directory);
    fixture.apply(imported(Some("Ann")));
    fixture.apply(changed("Tag_Profile_IM_Level", ProfileValue::Number(7)));
    fixture.apply(imported(Some("Anna")));
    let profile = reader(&fixture).profile(&ann()).expect("readable");
    let expected = BTreeMap::from([
        (
            profile::NICK.to_owned(),
            ProfileValue::Text("Anna".to_owned()),
        ),
        ("Tag_Profile_IM_Level".to_owned(), ProfileValue::Number(7)),
    ]);
    assert_eq!(profile, expected);
    let account = reader(&fixture).account(&ann()).expect("readable");
    assert_eq!(
        account.map(|row| row.imported_at),
        Some(Timestamp(1001)),
        "the first import's"
    );
}

#[test]
fn a_mute_changes_what_it_names() {
    let mut fixture = Fixture::new(Directory);
    fixture.apply(muted(Some(5), None));
    assert_eq!(reader(&fixture).account(&ann()).expect("readable"), None);
    fixture.apply(imported(None));
    fixture.apply(muted(Some(5), Some(u64::MAX)));
    fixture.apply(muted(None, Some(0)));
    let account = reader(&fixture).account(&ann()).expect("readable");
    let account = account.expect("there");
    assert_eq!(
        (account.mutes.c2c, account.mutes.group),
        (Timestamp(5), Timestamp(0))
    );
}

#[test]
fn a_deleted_account_leaves_its_revoked_signatures_only() {
    let mut fixture = Fixture::new(Directory);
    fixture.apply(imported(Some("Ann")));
    fixture.apply(muted(Some(u64::MAX), None));
    fixture.apply(revoked(9));
    fixture.apply(revoked(7));
    fixture.apply(AccountDeleted { user_id: ann() });
    let left = reader(&fixture);
    assert_eq!(left.account(&ann()).expect("readable"), None);
    assert!(left.profile(&ann()).expect("readable").is_empty());
    let up_to = left.signatures_revoked_up_to(&ann()).expect("readable");
    assert_eq!(up_to, Some(9), "it never moves back");
    fixture.apply(imported(None));
    let account = reader(&fixture).account(&ann()).expect("readable");
    let account = account.expect("there again");
    assert_eq!(account.mutes.c2c, Timestamp(0));
    let profile = reader(&fixture).profile(&ann()).expect("readable");
    assert!(profile.is_empty());
}

#[test]
fn applying_an_event_twice_is_applying_it_once() {
    let events: [Event; 5] = [
        AccountImported::sample().into(),
        SignaturesRevoked::sample().into(),
        AccountMuted::sample().into(),
        AccountProfileChanged::sample().into(),
        AccountDeleted::sample().into(),
    ];
    for count in 1..=events.len() {
        let (mut once, mut twice) = (Fixture::new(Directory), Fixture::new(Directory));
        for event in &events[..count] {
            once.apply(event.clone());
            twice.apply(event.clone());
        }
        let last = events[count - 1].clone();
        twice.apply(last);
        let alice = UserId::new("alice").expect("a valid id");
        let seen = |fixture: &Fixture| {
            let reader = reader(fixture);
            (
                reader.account(&alice).expect("readable"),
                reader.profile(&alice).expect("readable"),
                reader.signatures_revoked_up_to(&alice).expect("readable"),
            )
        };
        assert_eq!(seen(&once), seen(&twice), "{count}");
    }
}

#[test]
fn sessions_are_read_and_end_with_the_signatures() {
    let mut fixture = Fixture::new(Directory);
    let session = SessionRow {
        platform: Platform::Android,
        state: SessionState::Connected,
    };
    let mut state = Overlay::new(&fixture.store);
    let encoded = row::encode(&SESSION, &vec![session]).expect("encodes");
    state.put(&SESSION, account_key(LOG, &ann()), encoded);
    let batch = state.into_changes().into_batch();
    fixture
        .store
        .write(batch, Durability::Process)
        .expect("writes");
    assert_eq!(
        reader(&fixture).sessions(&ann()).expect("readable"),
        [session]
    );
    fixture.apply(revoked(9));
    assert_eq!(reader(&fixture).sessions(&ann()).expect("readable"), []);
}
