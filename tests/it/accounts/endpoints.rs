//! Every endpoint of accounts, profiles and mutes on the real server: what it takes, what it
//! refuses and with which code, and that a retry adds nothing.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::harness::{ADMIN, Server, usersig};

const IMPORT: &str = "im_open_login_svc/account_import";
const MULTI: &str = "im_open_login_svc/multiaccount_import";
const CHECK: &str = "im_open_login_svc/account_check";
const DELETE: &str = "im_open_login_svc/account_delete";
const KICK: &str = "im_open_login_svc/kick";
const STATUS: &str = "openim/query_online_status";
const STATUS_OLD: &str = "openim/querystate";
const PORTRAIT_SET: &str = "profile/portrait_set";
const PORTRAIT_GET: &str = "profile/portrait_get";
const MUTE: &str = "openconfigsvr/setnospeaking";
const MUTED: &str = "openconfigsvr/getnospeaking";
const NICK: &str = "Tag_Profile_IM_Nick";

async fn server_with(data: &std::path::Path) -> Result<Server> {
    let server = Server::start(data).await?;
    for user in ["alice", "bob"] {
        server.import_account(user).await?;
    }
    Ok(server)
}

/// Calls that are refused with these codes, and change nothing.
async fn refused(server: &Server, cases: Vec<(&str, Value, u32)>) -> Result<()> {
    let before = server.events().await?.len();
    for (path, body, expected) in cases {
        let answer = server.v4(path, &body).await?;
        let shown: String = body.to_string().chars().take(200).collect();
        ensure!(
            answer["ErrorCode"] == expected,
            "{path} {shown}: {answer}, not {expected}"
        );
        let info = answer["ErrorInfo"].as_str().context("a text")?;
        ensure!(!info.is_empty(), "{path} {shown} says why");
    }
    ensure!(server.events().await?.len() == before, "nothing is written");
    Ok(())
}

fn set(tag: &str, value: Value) -> Value {
    json!({ "From_Account": "alice", "ProfileItem": [{ "Tag": tag, "Value": value }] })
}

fn get(accounts: &[&str], tags: &[&str]) -> Value {
    json!({ "To_Account": accounts, "TagList": tags })
}

fn items(field: &str, ids: &[&str]) -> Value {
    let items: Vec<Value> = ids.iter().map(|id| json!({ "UserID": id })).collect();
    json!({ field: items })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_succeeds_is_one_event_and_a_retry_none() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = server_with(&folder.path().join("data")).await?;
    let forever = json!({ "Set_Account": "alice", "C2CmsgNospeakingTime": u32::MAX,
        "GroupmsgNospeakingTime": u32::MAX });
    for (path, body, events) in [
        (IMPORT, json!({ "UserID": "carol", "Nick": "카롤" }), 1),
        (
            IMPORT,
            json!({ "Identifier": "dan", "FaceUrl": "https://example.org/d" }),
            1,
        ),
        (
            MULTI,
            json!({ "AccountList": [{ "UserID": "eve", "Nick": "이브" }, { "UserID": "frank" }] }),
            2,
        ),
        (MULTI, json!({ "Accounts": ["grace", "heidi"] }), 2),
        (PORTRAIT_SET, set(NICK, json!("艾丽斯")), 1),
        (MUTE, forever, 1),
        (DELETE, items("DeleteItem", &["dan", "eve"]), 2),
        (CHECK, items("CheckItem", &["alice"]), 0),
        (STATUS, json!({ "To_Account": ["alice"] }), 0),
        (PORTRAIT_GET, get(&["alice"], &[NICK]), 0),
        (MUTED, json!({ "Get_Account": "alice" }), 0),
    ] {
        let before = server.events().await?.len();
        for _ in 0..2 {
            server.v4_ok(path, &body).await?;
            let now = server.events().await?.len();
            ensure!(
                now == before + events,
                "{path} {body}: {} events",
                now - before
            );
        }
    }
    let nick = server
        .v4_ok(PORTRAIT_GET, &get(&["alice", "carol"], &[NICK]))
        .await?;
    let value = |index: usize| nick["UserProfileItem"][index]["ProfileItem"][0]["Value"].clone();
    ensure!(value(0) == "艾丽斯" && value(1) == "카롤", "{nick}");
    let ids = ["carol", "dan", "eve", "frank", "grace", "heidi"];
    let checked = server.v4_ok(CHECK, &items("CheckItem", &ids)).await?;
    let there = checked["ResultItem"].as_array().context("items")?.iter();
    let there: Vec<bool> = there
        .map(|item| item["AccountStatus"] == "Imported")
        .collect();
    ensure!(there == [true, false, false, true, true, true], "{checked}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_accounts_each_is_answered_by_itself() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = server_with(&folder.path().join("data")).await?;
    let list = json!({ "AccountList": [
        { "UserID": "carol" }, { "UserID": "" }, { "UserID": "dan", "Nick": "n".repeat(501) } ] });
    let answer = server.v4_ok(MULTI, &list).await?;
    ensure!(answer["FailAccounts"] == json!(["", "dan"]), "{answer}");

    let ids = ["alice", "nobody"];
    let answer = server.v4_ok(CHECK, &items("CheckItem", &ids)).await?;
    let status = |index: usize| answer["ResultItem"][index]["AccountStatus"].clone();
    ensure!(
        status(0) == "Imported" && status(1) == "NotImported",
        "{answer}"
    );

    for path in [STATUS, STATUS_OLD] {
        let body = json!({ "To_Account": ids, "IsNeedDetail": 1 });
        let answer = server.v4_ok(path, &body).await?;
        let expected = json!([
            { "To_Account": "alice", "Status": "Offline", "State": "Offline", "Detail": [] },
        ]);
        ensure!(answer["QueryResult"] == expected, "{answer}");
        let expected = json!([{ "To_Account": "nobody", "ErrorCode": 70107 }]);
        ensure!(answer["ErrorList"] == expected, "{answer}");
    }

    let answer = server.v4_ok(PORTRAIT_GET, &get(&ids, &[NICK])).await?;
    ensure!(answer["Fail_Account"] == json!(["nobody"]), "{answer}");
    let code = |index: usize| answer["UserProfileItem"][index]["ResultCode"].clone();
    ensure!(code(0) == 0 && code(1) == 40003, "{answer}");

    server.import_account(ADMIN).await?;
    let ids = ["alice", "nobody", ADMIN];
    let answer = server.v4_ok(DELETE, &items("DeleteItem", &ids)).await?;
    let item = |index: usize| answer["ResultItem"][index].clone();
    ensure!(item(0)["ResultCode"] == 0, "{answer}");
    ensure!(item(1)["ResultCode"] == 70107, "{answer}");
    ensure!(
        item(1)["ResultInfo"] == "Err_TLS_PT_Open_Login_Account_Not_Exist",
        "{answer}"
    );
    ensure!(
        item(2)["ResultCode"] == 70402,
        "administrators stay: {answer}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_has_its_code_and_changes_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = server_with(&folder.path().join("data")).await?;
    let cases = vec![
        (IMPORT, json!({}), 70402),
        (IMPORT, json!({ "UserID": "u".repeat(33) }), 70402),
        (IMPORT, json!({ "UserID": 7 }), 60015),
        (IMPORT, json!({ "Identifier": 7 }), 60015),
        (
            IMPORT,
            json!({ "UserID": "carol", "Nick": "n".repeat(501) }),
            40601,
        ),
        (MULTI, json!({ "Accounts": [] }), 70402),
        (MULTI, json!({ "Accounts": [7] }), 60015),
        (CHECK, json!({ "CheckItem": "alice" }), 70402),
        (DELETE, json!({ "DeleteItem": [{}] }), 70402),
        (KICK, json!({}), 70402),
        (KICK, json!({ "UserID": 7 }), 60015),
        (KICK, json!({ "UserID": "nobody" }), 70107),
        (STATUS, json!({ "To_Account": [] }), 90001),
        (STATUS, json!({ "To_Account": ["nobody"] }), 70107),
        (STATUS_OLD, json!({}), 90001),
        (PORTRAIT_SET, json!({ "From_Account": "alice" }), 40001),
        (PORTRAIT_SET, set("Tag_Profile_IM_Shoe", json!("44")), 40009),
        (
            PORTRAIT_SET,
            set("Tag_Profile_IM_Gender", json!("other")),
            40605,
        ),
        (PORTRAIT_SET, set("Tag_Profile_IM_Level", json!("3")), 40610),
        (PORTRAIT_GET, json!({ "TagList": [NICK] }), 40002),
        (PORTRAIT_GET, get(&["alice"], &[]), 40001),
        (
            PORTRAIT_GET,
            get(&["alice"], &["Tag_Profile_IM_Shoe"]),
            40009,
        ),
        (MUTE, json!({ "C2CmsgNospeakingTime": 1 }), 130004),
        (
            MUTE,
            json!({ "Set_Account": "nobody", "C2CmsgNospeakingTime": 1 }),
            130005,
        ),
        (MUTE, json!({ "Set_Account": "alice" }), 130008),
        (
            MUTE,
            json!({ "Set_Account": "alice", "C2CmsgNospeakingTime": -1 }),
            130001,
        ),
        (MUTED, json!({}), 130002),
        (MUTED, json!({ "Get_Account": "nobody" }), 130003),
    ];
    refused(&server, cases).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_json_object_has_the_code_of_its_service() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = server_with(&folder.path().join("data")).await?;
    let before = server.events().await?.len();
    for (path, expected) in [
        (IMPORT, 60003),
        (MULTI, 60003),
        (CHECK, 60003),
        (DELETE, 60003),
        (KICK, 60003),
        (STATUS, 90001),
        (STATUS_OLD, 90001),
        (PORTRAIT_SET, 40001),
        (PORTRAIT_GET, 40001),
        (MUTE, 130001),
        (MUTED, 130001),
    ] {
        for body in ["", "[]", "{\"UserID\":", "nope"] {
            let signature = usersig(ADMIN);
            let answer = server.v4_as(ADMIN, &signature, path, body.into()).await?;
            ensure!(answer["ErrorCode"] == expected, "{path} {body}: {answer}");
        }
    }
    ensure!(server.events().await?.len() == before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_at_the_limit_and_one_over() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = server_with(&folder.path().join("data")).await?;
    let value = |bytes: usize| json!("x".repeat(bytes));
    let level = json!({ "Tag": "Tag_Profile_IM_Level", "Value": 1 });
    let levels =
        |count: usize| json!({ "From_Account": "alice", "ProfileItem": vec![&level; count] });
    let import =
        |id: usize, bytes: usize| json!({ "UserID": "u".repeat(id), "Nick": value(bytes) });
    let to = |count: usize| json!({ "To_Account": vec!["alice"; count] });
    let location = "Tag_Profile_IM_Location";
    let mute = |seconds: u64| json!({ "Set_Account": "alice", "C2CmsgNospeakingTime": seconds });
    let most = u64::from(u32::MAX);
    let mut over = Vec::new();
    for (path, at_limit, one_over, code) in [
        (IMPORT, import(32, 500), import(33, 500), 70402),
        (IMPORT, import(32, 500), import(32, 501), 40601),
        (
            MULTI,
            json!({ "Accounts": vec!["bob"; 100] }),
            json!({ "Accounts": vec!["bob"; 101] }),
            70402,
        ),
        (
            CHECK,
            items("CheckItem", &["bob"; 100]),
            items("CheckItem", &["bob"; 101]),
            70402,
        ),
        (
            DELETE,
            items("DeleteItem", &["nobody"; 100]),
            items("DeleteItem", &["nobody"; 101]),
            70402,
        ),
        (STATUS, to(500), to(501), 90011),
        (
            PORTRAIT_SET,
            set(NICK, value(500)),
            set(NICK, value(501)),
            40601,
        ),
        (
            PORTRAIT_SET,
            set(location, value(16)),
            set(location, value(17)),
            40601,
        ),
        (PORTRAIT_SET, levels(100), levels(101), 40001),
        (
            PORTRAIT_GET,
            get(&["alice"; 100], &[NICK]),
            get(&["alice"; 101], &[NICK]),
            40001,
        ),
        (
            PORTRAIT_GET,
            get(&["alice"], &[NICK; 100]),
            get(&["alice"], &[NICK; 101]),
            40001,
        ),
        (MUTE, mute(most), mute(most + 1), 130001),
    ] {
        server.v4_ok(path, &at_limit).await?;
        over.push((path, one_over, code));
    }
    refused(&server, over).await
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_fields_are_declared_with_type_and_rights() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = server_with(&folder.path().join("data")).await?;
    let field = |name: &str, readers: &[&str], writers: &[&str]| json!({ "name": name, "type": "string", "readers": readers, "writers": writers });
    let both = ["app", "admin"];
    // 1 to 8 letters.
    let name = |number: u8| format!("{}", char::from(b'A' + number)).repeat(8);
    let mut fields: Vec<Value> = (0..18)
        .map(|number| field(&name(number), &both, &both))
        .collect();
    fields.push(field("Secret", &["app"], &both));
    fields.push(field("Own", &both, &["app"]));
    let (taken, answer) = server
        .change_settings(&json!({ "profile_fields": fields }))
        .await?;
    ensure!(taken, "twenty: {answer}");
    let before = server.events().await?.len();
    let mut more = fields.clone();
    more.push(field("More", &both, &both));
    let mut longer = fields.clone();
    longer[0] = field("AAAAAAAAA", &both, &both);
    for refused in [more, longer, Vec::new()] {
        let (taken, answer) = server
            .change_settings(&json!({ "profile_fields": refused }))
            .await?;
        ensure!(!taken, "{answer}");
    }
    ensure!(server.events().await?.len() == before);

    let tag = |name: &str| format!("Tag_Profile_Custom_{name}");
    let longest = json!("값".repeat(166) + "xy");
    let first = tag(&name(0));
    server
        .v4_ok(PORTRAIT_SET, &set(&first, longest.clone()))
        .await?;
    let shown = server
        .v4_ok(PORTRAIT_GET, &get(&["alice"], &[&first]))
        .await?;
    ensure!(
        shown["UserProfileItem"][0]["ProfileItem"][0]["Value"] == longest,
        "{shown}"
    );
    let cases = vec![
        (PORTRAIT_SET, set(&first, json!("값".repeat(167))), 40601),
        (PORTRAIT_SET, set(&first, json!(7)), 40610),
        (PORTRAIT_SET, set(&tag("Own"), json!("x")), 40008),
        (PORTRAIT_SET, set(&tag("None"), json!("x")), 40009),
        (PORTRAIT_GET, get(&["alice"], &[&tag("Secret")]), 40007),
        (PORTRAIT_GET, get(&["alice"], &[&tag("None")]), 40009),
    ];
    refused(&server, cases).await
}
