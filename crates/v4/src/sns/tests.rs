//! Every endpoint of the service: what succeeds, what fails alone, what is refused.

use serde_json::{Value, json};

use crate::testing::{TestApi, text};

const SOURCE: &str = "AddSource_Type_Web";

fn item(to: &str) -> Value {
    json!({ "To_Account": to, "AddSource": SOURCE })
}

fn add(from: &str, to: &[&str]) -> Value {
    let items: Vec<Value> = to.iter().map(|to| item(to)).collect();
    json!({ "From_Account": from, "AddFriendItem": items })
}

fn of(from: &str, to: &[&str]) -> Value {
    json!({ "From_Account": from, "To_Account": to })
}

fn with(mut body: Value, name: &str, value: impl Into<Value>) -> Value {
    body[name] = value.into();
    body
}

fn codes(answer: &Value) -> Vec<u64> {
    let items = answer["ResultItem"].as_array().expect("results");
    let code = |item: &Value| item["ResultCode"].as_u64().expect("a code");
    items.iter().map(code).collect()
}

async fn allow(api: &TestApi, user: &str, allow: &str) {
    let item = json!({ "Tag": "Tag_Profile_IM_AllowType", "Value": allow });
    let body = json!({ "From_Account": user, "ProfileItem": [item] });
    api.v4_ok("profile/portrait_set", body).await;
}

async fn relation(api: &TestApi, from: &str, to: &str) -> Value {
    let body = with(of(from, &[to]), "CheckType", "CheckResult_Type_Both");
    let answer = api.v4_ok("sns/friend_check", body).await;
    answer["InfoItem"][0]["Relation"].clone()
}

#[tokio::test]
async fn friends_are_added_checked_listed_and_deleted() {
    let api = TestApi::start().await;
    let body = add("alice", &["bob", "nobody", "alice", ""]);
    let answer = api.v4_ok("sns/friend_add", body.clone()).await;
    assert_eq!(codes(&answer), [0, 30003, 30001, 30003]);
    assert_eq!(answer["Fail_Account"], json!(["nobody", "alice", ""]));
    let end = api.log_end();
    let again = api.v4_ok("sns/friend_add", body).await;
    assert_eq!((codes(&again)[0], api.log_end()), (30001, end));
    let info = &again["ResultItem"][0]["ResultInfo"];
    assert_eq!(info, "Err_SNS_FriendAdd_Friend_Exist");
    assert_eq!(again["Fail_Account"][0], "bob");
    assert_eq!(
        relation(&api, "alice", "bob").await,
        "CheckResult_Type_BothWay"
    );

    let single = with(add("alice", &["carol"]), "AddType", "Add_Type_Single");
    let answer = api.v4_ok("sns/friend_add", single).await;
    assert_eq!(answer.get("Fail_Account"), None);
    assert_eq!(
        relation(&api, "alice", "carol").await,
        "CheckResult_Type_AWithB"
    );
    assert_eq!(
        relation(&api, "carol", "alice").await,
        "CheckResult_Type_BWithA"
    );

    let answer = api
        .v4_ok(
            "sns/friend_get",
            json!({ "From_Account": "alice", "StartIndex": 0 }),
        )
        .await;
    assert_eq!(answer["FriendNum"], 2);
    assert_eq!(answer["CompleteFlag"], 1);
    let shown = &answer["UserDataItem"];
    assert_eq!(shown[0]["To_Account"], "bob");
    assert_eq!(
        shown[1]["ValueItem"][0],
        json!({ "Tag": "Tag_SNS_IM_AddSource", "Value": SOURCE })
    );
    let seen = json!({ "From_Account": "alice", "StandardSequence": answer["StandardSequence"] });
    let unchanged = api.v4_ok("sns/friend_get", seen).await;
    assert_eq!(unchanged["UserDataItem"], json!([]));

    let answer = api
        .v4_ok("sns/friend_delete", of("alice", &["bob", "bob"]))
        .await;
    assert_eq!(codes(&answer), [0, 31704]);
    assert_eq!(
        relation(&api, "alice", "bob").await,
        "CheckResult_Type_BWithA"
    );
    let both = json!({ "From_Account": "alice", "DeleteType": "Delete_Type_Both" });
    api.v4_ok("sns/friend_delete_all", both.clone()).await;
    assert_eq!(
        relation(&api, "alice", "bob").await,
        "CheckResult_Type_NoRelation"
    );
    let end = api.log_end();
    api.v4_ok("sns/friend_delete_all", both).await;
    assert_eq!(api.log_end(), end);
}

#[tokio::test]
async fn requests_wait_and_are_answered_under_the_accounts_own_identity() {
    let api = TestApi::start().await;
    allow(&api, "bob", "AllowType_Type_NeedConfirm").await;
    allow(&api, "carol", "AllowType_Type_DenyAny").await;
    let answer = api
        .v4_ok("sns/friend_add", add("alice", &["bob", "carol"]))
        .await;
    assert_eq!(codes(&answer), [30539, 30516]);
    assert_eq!(answer["Fail_Account"], json!(["carol"]));
    assert_eq!(
        relation(&api, "alice", "bob").await,
        "CheckResult_Type_NoRelation"
    );

    let (status, page) = api.own("bob", "GET", "friend-requests", None).await;
    assert_eq!(
        (status, &page["requests"][0]["from"]),
        (200, &json!("alice"))
    );
    let (_, none) = api.own("alice", "GET", "friend-requests", None).await;
    assert_eq!(none["requests"], json!([]), "others' are not shown");
    let from = json!({ "from": "alice", "remark": "앨리스" });
    let accept = "friend-requests/accept";
    let (status, problem) = api.own("carol", "POST", accept, Some(&from)).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("friend_request_unknown"))
    );
    assert_eq!(api.own("bob", "POST", accept, Some(&from)).await.0, 200);
    assert_eq!(
        relation(&api, "alice", "bob").await,
        "CheckResult_Type_BothWay"
    );
    let get = json!({ "From_Account": "bob", "To_Account": ["alice", "carol"],
        "TagList": ["Tag_SNS_IM_Remark", "Tag_Profile_IM_AllowType"] });
    let answer = api.v4_ok("sns/friend_get_list", get).await;
    assert_eq!(
        answer["InfoItem"][0]["SnsProfileItem"],
        json!([{ "Tag": "Tag_SNS_IM_Remark", "Value": "앨리스" }])
    );
    let stranger = &answer["InfoItem"][1];
    assert_eq!(stranger["ResultCode"], 30001);
    assert_eq!(
        stranger["ResultInfo"],
        "Err_SNS_FriendGetList_Friend_Not_Exist"
    );
    assert_eq!(answer["Fail_Account"], json!(["carol"]));

    api.v4_ok("sns/friend_add", add("carol", &["bob"])).await;
    let refusal = json!({ "from": "carol" });
    let refuse = "friend-requests/refuse";
    assert_eq!(api.own("bob", "POST", refuse, Some(&refusal)).await.0, 200);
    assert_eq!(api.own("bob", "POST", refuse, Some(&refusal)).await.0, 409);
    assert_eq!(
        api.own("nobody", "GET", "friend-requests", None).await.0,
        403
    );

    let forced = with(add("alice", &["carol"]), "ForceAddFlags", 1);
    assert_eq!(codes(&api.v4_ok("sns/friend_add", forced).await), [0]);
}

#[tokio::test]
async fn a_block_ends_friendship_and_keeps_messages_out() {
    let api = TestApi::start().await;
    api.v4_ok("sns/friend_add", add("alice", &["bob"])).await;
    let answer = api
        .v4_ok("sns/black_list_add", of("alice", &["bob", "bob", "nobody"]))
        .await;
    assert_eq!(codes(&answer), [0, 30001, 30003]);
    assert_eq!(
        relation(&api, "alice", "bob").await,
        "CheckResult_Type_NoRelation"
    );
    let answers = api.v4_ok("sns/friend_add", add("alice", &["bob"])).await;
    assert_eq!(codes(&answers), [30515]);
    let answers = api.v4_ok("sns/friend_add", add("bob", &["alice"])).await;
    assert_eq!(codes(&answers), [30525]);
    let send = |from: &str, to: &str| json!({ "From_Account": from, "To_Account": to, "MsgRandom": 1, "MsgBody": [text("hi")] });
    // The server API looks at no block list.
    api.v4_ok("openim/sendmsg", send("bob", "alice")).await;
    api.v4_ok("openim/sendmsg", send("alice", "bob")).await;

    let check = with(
        of("alice", &["bob", "carol", "nobody"]),
        "CheckType",
        "BlackCheckResult_Type_Both",
    );
    let answer = api.v4_ok("sns/black_list_check", check).await;
    let items = &answer["BlackListCheckItem"];
    assert_eq!(items[0]["Relation"], "BlackCheckResult_Type_AWithB");
    assert_eq!(items[1]["Relation"], "BlackCheckResult_Type_NO");
    assert_eq!(items[2]["ResultCode"], 30003);

    api.v4_ok("sns/black_list_add", of("alice", &["carol"]))
        .await;
    let page = |start: u64, last: &Value| json!({ "From_Account": "alice", "StartIndex": start, "MaxLimited": 1, "LastSequence": last });
    let first = api.v4_ok("sns/black_list_get", page(0, &json!(0))).await;
    assert_eq!(first["BlackListItem"][0]["To_Account"], "bob");
    assert_eq!(first["StartIndex"], 1);
    let last = api.v4_ok("sns/black_list_get", page(1, &json!(0))).await;
    assert_eq!(
        (&last["BlackListItem"][0]["To_Account"], &last["StartIndex"]),
        (&json!("carol"), &json!(0))
    );
    // Pagers send back what the page before said.
    let sequence = &first["CurruentSequence"];
    assert_eq!(sequence, &first["CurrentSequence"]);
    for (start, other) in [(0, "bob"), (1, "carol")] {
        let page = api.v4_ok("sns/black_list_get", page(start, sequence)).await;
        assert_eq!(page["BlackListItem"][0]["To_Account"], other);
    }
    let beyond = api.v4_ok("sns/black_list_get", page(2, sequence)).await;
    assert_eq!(
        (&beyond["BlackListItem"], &beyond["StartIndex"]),
        (&json!([]), &json!(0))
    );

    let answer = api
        .v4_ok("sns/black_list_delete", of("alice", &["bob", "bob"]))
        .await;
    assert_eq!(codes(&answer), [0, 30001]);
    api.v4_ok("openim/sendmsg", send("bob", "alice")).await;
}

#[tokio::test]
async fn a_sequence_that_a_pager_sends_back_does_not_end_its_paging() {
    const FRIENDS: usize = 250;
    let api = TestApi::start().await;
    let names: Vec<String> = (0..FRIENDS).map(|number| format!("f{number:03}")).collect();
    for some in names.chunks(100) {
        let body = json!({ "Accounts": some });
        api.v4_ok("im_open_login_svc/multiaccount_import", body)
            .await;
    }
    let items: Vec<Value> = names.iter().map(|name| item(name)).collect();
    let body = json!({ "From_Account": "alice", "AddFriendItem": items });
    api.v4_ok("sns/friend_import", body).await;
    let mut ask = json!({ "From_Account": "alice", "StartIndex": 0, "StandardSequence": 0,
        "CustomSequence": 0 });
    let mut seen = Vec::new();
    loop {
        let page = api.v4_ok("sns/friend_get", ask.clone()).await;
        for friend in page["UserDataItem"].as_array().expect("a list") {
            assert_ne!(friend["ValueItem"], json!([]), "with what is kept");
            seen.push(friend["To_Account"].as_str().expect("an id").to_owned());
        }
        if page["CompleteFlag"] != 0 {
            break;
        }
        ask["StartIndex"] = page["NextStartIndex"].clone();
        for sequence in ["StandardSequence", "CustomSequence"] {
            ask[sequence] = page[sequence].clone();
        }
    }
    assert_eq!(seen, names);
}

#[tokio::test]
async fn friend_groups_are_made_filled_renamed_and_deleted() {
    let api = TestApi::start().await;
    api.v4_ok("sns/friend_add", add("alice", &["bob"])).await;
    let body = json!({ "From_Account": "alice", "GroupName": ["work", "家人"],
        "To_Account": ["bob", "carol"] });
    let answer = api.v4_ok("sns/group_add", body.clone()).await;
    assert_eq!(codes(&answer), [0, 32216]);
    let info = &answer["ResultItem"][1]["ResultInfo"];
    assert_eq!(info, "Err_SNS_GroupAdd_ToTinyId_Not_Friend");
    assert_eq!(answer["Fail_Account"], json!(["carol"]));
    let end = api.log_end();
    api.v4_ok("sns/group_add", body).await;
    assert_eq!(api.log_end(), end, "a retry adds nothing");
    let rename = json!({ "group": "work", "name": "office" });
    let path = "friend-groups/rename";
    assert_eq!(api.own("alice", "POST", path, Some(&rename)).await.0, 200);
    let (status, problem) = api.own("alice", "POST", path, Some(&rename)).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("friend_group_unknown"))
    );
    let change = json!({ "group": "家人", "remove": ["bob"], "add": ["carol"] });
    let path = "friend-groups/members";
    let (status, answer) = api.own("alice", "POST", path, Some(&change)).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        answer["results"],
        json!([{ "account": "carol", "error": "friend_unknown" }, { "account": "bob" }])
    );
    let get = json!({ "From_Account": "alice", "NeedFriend": "Need_Friend_Type_Yes" });
    let answer = api.v4_ok("sns/group_get", get).await;
    assert_eq!(
        answer["ResultItem"],
        json!([
            { "GroupName": "office", "FriendNumber": 1, "To_Account": ["bob"] },
            { "GroupName": "家人", "FriendNumber": 0, "To_Account": [] },
        ])
    );
    let seen = json!({ "From_Account": "alice", "LastSequence": answer["CurrentSequence"] });
    assert_eq!(
        api.v4_ok("sns/group_get", seen).await["ResultItem"],
        json!([])
    );
    let delete = json!({ "From_Account": "alice", "GroupName": ["office", "none"] });
    api.v4_ok("sns/group_delete", delete).await;
    let get = json!({ "From_Account": "alice" });
    let answer = api.v4_ok("sns/group_get", get).await;
    assert_eq!(
        answer["ResultItem"],
        json!([{ "GroupName": "家人", "FriendNumber": 0 }])
    );
    assert_eq!(
        relation(&api, "alice", "bob").await,
        "CheckResult_Type_BothWay"
    );
}

#[tokio::test]
async fn friends_are_imported_and_changed() {
    let api = TestApi::start().await;
    let import = json!({ "From_Account": "alice", "AddFriendItem": [
        { "To_Account": "bob", "AddSource": SOURCE, "Remark": "벤", "RemarkTime": 1,
          "GroupName": ["work"], "AddWording": "hello", "AddTime": 1_700_000_000 },
        { "To_Account": "carol", "AddSource": "Web" },
        { "To_Account": "carol", "AddSource": SOURCE,
          "CustomItem": [{ "Tag": "Tag_SNS_Custom_Met", "Value": "here" }] },
    ] });
    let answer = api.v4_ok("sns/friend_import", import.clone()).await;
    assert_eq!(
        codes(&answer),
        [0, 30001, 30001],
        "the field is not declared"
    );
    let end = api.log_end();
    api.v4_ok("sns/friend_import", import).await;
    assert_eq!(api.log_end(), end, "importing again adds nothing");
    assert_eq!(
        relation(&api, "alice", "bob").await,
        "CheckResult_Type_AWithB"
    );
    let tags = [
        "Tag_SNS_IM_Remark",
        "Tag_SNS_IM_Group",
        "Tag_SNS_IM_AddWording",
        "Tag_SNS_IM_AddTime",
    ];
    let get = json!({ "From_Account": "alice", "To_Account": ["bob"], "TagList": tags });
    let answer = api.v4_ok("sns/friend_get_list", get.clone()).await;
    assert_eq!(
        answer["InfoItem"][0]["SnsProfileItem"],
        json!([
            { "Tag": tags[0], "Value": "벤" },
            { "Tag": tags[1], "Value": ["work"] },
            { "Tag": tags[2], "Value": "hello" },
            { "Tag": tags[3], "Value": 1_700_000_000 },
        ])
    );
    let update = |to: &str, tag: &str, value: Value| {
        json!({ "From_Account": "alice",
            "UpdateItem": [{ "To_Account": to, "SnsItem": [{ "Tag": tag, "Value": value }] }] })
    };
    for (to, tag, value, expected) in [
        ("bob", tags[0], json!("x".repeat(96)), 0),
        ("bob", tags[0], json!("x".repeat(97)), 30001),
        ("bob", tags[1], json!(["work", "home"]), 0),
        ("bob", tags[1], json!([1]), 30001),
        ("bob", tags[2], json!("never"), 30001),
        ("bob", "Tag_SNS_Custom_Met", json!("here"), 30001),
        ("carol", tags[0], json!("no friend"), 30001),
    ] {
        let answer = api.v4_ok("sns/friend_update", update(to, tag, value)).await;
        assert_eq!(codes(&answer), [expected], "{to} {tag}");
    }
    let answer = api.v4_ok("sns/friend_get_list", get).await;
    assert_eq!(
        answer["InfoItem"][0]["SnsProfileItem"][1]["Value"],
        json!(["work", "home"])
    );
}

#[tokio::test]
async fn bad_requests_are_refused_with_their_codes() {
    let api = TestApi::start().await;
    let friend = |from: Value| json!({ "From_Account": from, "AddFriendItem": [item("bob")] });
    for path in ["sns/friend_add", "sns/friend_import"] {
        let cases = [
            (json!({}), 30001),
            (friend(json!("nobody")), 30003),
            (friend(json!("")), 30001),
            (friend(json!(7)), 60015),
            (add("alice", &[]), 30001),
            (add("alice", &["bob"; 1001]), 30001),
            (
                json!({ "From_Account": "alice", "AddFriendItem": "bob" }),
                30001,
            ),
        ];
        api.refuses(path, cases).await;
    }
    let bad_type = with(add("alice", &["bob"]), "AddType", "Both");
    api.refuses("sns/friend_add", [(bad_type, 30001)]).await;
    for path in [
        "sns/friend_delete",
        "sns/black_list_add",
        "sns/black_list_delete",
    ] {
        let cases = [
            (json!({}), 30001),
            (of("nobody", &["bob"]), 30003),
            (of("alice", &[]), 30001),
            (of("alice", &["bob"; 1001]), 30001),
            (
                json!({ "From_Account": "alice", "To_Account": "bob" }),
                60015,
            ),
        ];
        api.refuses(path, cases).await;
    }
    for (path, word) in [
        ("sns/friend_check", "CheckResult_Type_Both"),
        ("sns/black_list_check", "BlackCheckResult_Type_Both"),
    ] {
        let cases = [
            (of("alice", &["bob"]), 30001),
            (with(of("alice", &["bob"]), "CheckType", "Both"), 30001),
            (with(of("nobody", &["bob"]), "CheckType", word), 30003),
            (with(of("alice", &[]), "CheckType", word), 30001),
        ];
        api.refuses(path, cases).await;
    }
}

#[tokio::test]
async fn bad_lists_and_groups_are_refused_with_their_codes() {
    let api = TestApi::start().await;
    for path in ["sns/friend_get", "sns/friend_delete_all", "sns/group_get"] {
        let cases = [
            (json!({}), 30001),
            (json!({ "From_Account": "nobody" }), 30003),
        ];
        api.refuses(path, cases).await;
    }
    let page = |count: u64| json!({ "From_Account": "alice", "MaxLimited": count });
    api.refuses("sns/black_list_get", [(page(1001), 30001)])
        .await;
    let unlimited = json!({ "From_Account": "alice" });
    for body in [page(1000), page(0), unlimited] {
        api.v4_ok("sns/black_list_get", body).await;
    }
    let tags = |tag: &str| with(of("alice", &["bob"]), "TagList", vec![tag]);
    let cases = [
        (of("alice", &["bob"]), 30001),
        (tags("Tag_SNS_IM_Shoe"), 30001),
    ];
    api.refuses("sns/friend_get_list", cases).await;
    let group = |name: &str| json!({ "From_Account": "alice", "GroupName": [name] });
    let cases = [
        (json!({ "From_Account": "alice" }), 30001),
        (group(""), 30001),
        (group(&"x".repeat(31)), 30001),
    ];
    api.refuses("sns/group_add", cases).await;
    api.v4_ok("sns/group_add", group(&"x".repeat(30))).await;
    let names: Vec<String> = (0..32).map(|number| format!("g{number}")).collect();
    let body = json!({ "From_Account": "alice", "GroupName": names });
    api.refuses("sns/group_add", [(body, 30011)]).await;
}
