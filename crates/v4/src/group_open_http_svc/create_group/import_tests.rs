use serde_json::{Value, json};

use crate::testing::TestApi;

const PATH: &str = "group_open_http_svc/import_group";

fn with(name: &str, value: Value) -> Value {
    let mut body = json!({ "Type": "Public", "Name": "옛 팀", "GroupId": "old",
        "Owner_Account": "alice", "CreateTime": 1_448_357_837 });
    body[name] = value;
    body
}

#[tokio::test]
async fn a_group_keeps_the_time_of_its_making() {
    let api = TestApi::start().await;
    let made = api.v4_ok(PATH, with("Introduction", json!("i"))).await;
    assert_eq!(made["GroupId"], "old");
    let info = json!({ "GroupIdList": ["old"] });
    let info = api.v4_ok("group_open_http_svc/get_group_info", info).await;
    assert_eq!(info["GroupInfo"][0]["CreateTime"], 1_448_357_837);
    assert_eq!(
        info["GroupInfo"][0]["MemberList"][0]["JoinTime"],
        1_448_357_837
    );
}

#[tokio::test]
async fn bad_requests_get_their_codes() {
    let api = TestApi::start().await;
    api.v4_ok(PATH, with("CreateTime", json!(0))).await;
    let cases = [
        (with("Type", json!("Public")), 10025),
        (with("Owner_Account", json!("bob")), 10021),
        (with("Type", json!("AVChatRoom")), 10007),
        (with("GroupId", json!("@TGS#mine")), 10015),
        (with("CreateTime", json!(1_794_000_001)), 10004),
        (with("Name", json!("")), 10004),
        (
            with("MemberList", json!([{ "Member_Account": "bob" }])),
            10004,
        ),
    ];
    api.refuses(PATH, cases).await;
    let dated = with("GroupId", json!("new"));
    api.refuses("group_open_http_svc/create_group", [(dated, 10004)])
        .await;
}
