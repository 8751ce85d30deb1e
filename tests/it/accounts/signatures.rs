//! UserSigs on the real server: what each fault is called, and what a kick takes back.

use anyhow::{Result, ensure};
use hansard_client::usersig::generate;
use serde_json::{Value, json};

use crate::harness::{ADMIN, APP, SECRET, Server, now_seconds, usersig_issued};

const KICK: &str = "im_open_login_svc/kick";

/// A call that changes nothing, with a signature.
async fn code_with(server: &Server, identifier: &str, signature: &str) -> Result<Value> {
    let path = "im_open_login_svc/account_check";
    let body = json!({ "CheckItem": [{ "UserID": "alice" }] }).to_string();
    let answer = server.v4_as(identifier, signature, path, body.into());
    Ok(answer.await?["ErrorCode"].clone())
}

/// The same signature in standard base64.
fn standard(signature: &str) -> String {
    signature
        .replace('*', "+")
        .replace('-', "/")
        .replace('_', "=")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_signature_is_told_by_its_code() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(&folder.path().join("data")).await?;
    let now = now_seconds();
    let valid = usersig_issued(ADMIN, now);
    for signature in [&valid, &standard(&valid)] {
        ensure!(code_with(&server, ADMIN, signature).await? == 0);
    }
    let before = server.events().await?.len();
    let half = &valid[..valid.len() / 2];
    let other_app = generate(APP + 1, SECRET, ADMIN, now, 3600);
    let other_key = generate(APP, "another key", ADMIN, now, 3600);
    for (identifier, signature, expected) in [
        (ADMIN, "", 70002),
        (ADMIN, half, 70003),
        (ADMIN, "!!!!", 70005),
        (ADMIN, &other_key, 70009),
        ("alice", &valid, 70013),
        (ADMIN, &other_app, 70014),
        (ADMIN, &usersig_issued(ADMIN, now - 3600), 70001),
        ("alice", &usersig_issued("alice", now), 60010),
    ] {
        let code = code_with(&server, identifier, signature).await?;
        ensure!(code == expected, "{identifier}: {code}, not {expected}");
    }
    ensure!(server.events().await?.len() == before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kick_takes_back_what_was_issued_before_it_and_nothing_else() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(&folder.path().join("data")).await?;
    for user in [ADMIN, "alice"] {
        server.import_account(user).await?;
    }
    let now = now_seconds();
    let issued_before = [now - 3, now - 4, now - 1800].map(|time| usersig_issued(ADMIN, time));
    for signature in &issued_before {
        ensure!(code_with(&server, ADMIN, signature).await? == 0);
    }
    // Someone else's kick is not ours; the older field name, too.
    server
        .v4_ok(KICK, &json!({ "Identifier": "alice" }))
        .await?;
    for signature in &issued_before {
        ensure!(code_with(&server, ADMIN, signature).await? == 0);
    }
    let alices = usersig_issued("alice", now - 3);
    ensure!(code_with(&server, "alice", &alices).await? == 70052);

    server.v4_ok(KICK, &json!({ "UserID": ADMIN })).await?;
    for signature in &issued_before {
        for written in [signature, &standard(signature)] {
            ensure!(code_with(&server, ADMIN, written).await? == 70052);
        }
    }
    // Made at once, also by a host whose clock is two seconds behind.
    for behind in [0, 2] {
        let after = usersig_issued(ADMIN, now_seconds() - behind);
        ensure!(code_with(&server, ADMIN, &after).await? == 0, "{behind}");
    }
    let events = server.events().await?;
    let kicks = events
        .iter()
        .filter(|event| event["type"] == "account.signatures_revoked");
    ensure!(kicks.count() == 2, "one event for each kick");
    Ok(())
}
