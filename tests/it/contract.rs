//! Bad requests get the documented code, HTTP 200, and change nothing.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::harness::{ADMIN, Server, usersig};

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_change_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(&folder.path().join("data")).await?;
    server.import_account("alice").await?;
    let before = server.events().await?.len();
    let sig = usersig(ADMIN);
    let path = "im_open_login_svc/account_import";
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let large = format!("{{\"UserID\":\"{}\"}}", "x".repeat(2 << 20));
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("an array", b"[]".to_vec()),
        ("half an object", b"{\"UserID\":".to_vec()),
        ("no text", vec![0xff, 0xfe, 0x00]),
        ("deep", deep.into_bytes()),
        ("large", large.into_bytes()),
        ("a number", json!({ "UserID": 7 }).to_string().into_bytes()),
        (
            "an empty id",
            json!({ "UserID": "" }).to_string().into_bytes(),
        ),
        (
            "a long id",
            json!({ "UserID": "x".repeat(33) }).to_string().into_bytes(),
        ),
        (
            "a control character",
            json!({ "UserID": "a\u{7}" }).to_string().into_bytes(),
        ),
    ];
    for (what, body) in bodies {
        let answer = server.v4_as(ADMIN, &sig, path, body).await?;
        ensure!(
            answer["ActionStatus"] == "FAIL" && answer["ErrorCode"] != 0,
            "{what}: {answer}"
        );
    }
    let body = || json!({ "UserID": "mallory" }).to_string().into_bytes();
    for (what, identifier, sig) in [
        ("no signature", ADMIN, String::new()),
        ("a broken signature", ADMIN, "eJwrzUnMTS0BAAk".to_owned()),
        ("someone else's signature", ADMIN, usersig("alice")),
        ("no administrator", "alice", usersig("alice")),
    ] {
        let answer = server.v4_as(identifier, &sig, path, body()).await?;
        ensure!(answer["ErrorCode"] != 0, "{what}: {answer}");
    }
    let unknown = server
        .v4("im_open_login_svc/no_such_command", &json!({}))
        .await?;
    ensure!(unknown["ErrorCode"] != 0, "{unknown}");
    ensure!(
        server.events().await?.len() == before,
        "nothing was written"
    );
    let log = server.log_tail();
    ensure!(!log.contains("panicked") && !log.contains(&sig), "{log}");
    let extra = json!({ "UserID": "bob", "Surplus": { "ignored": true } });
    server.v4_ok(path, &extra).await?;
    Ok(())
}
