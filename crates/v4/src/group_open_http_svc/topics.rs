//! Topics of communities: `million_group_open_http_svc/create_topic`, `/get_topic`, `/modify_topic`,
//! `/destroy_topic`, and `group_open_http_svc/import_topic`.
//!
//! A topic without an id gets a random one. Topics are there in communities that were made, or
//! changed, with `SupportTopic` 1.

use hansard_domain::group::rules::{Who, rules};
use hansard_domain::group::{ChangeTopic, CreateTopic, DestroyTopics};
use hansard_events::group::{GroupType, ReceiveOption, TopicChange, TopicProfile};
use hansard_groups::{GroupRow, MemberRow, TopicRow};
use hansard_types::limits::{TOPICS_MAX, TOPICS_PER_CALL_MAX};
use hansard_types::{ConversationId, GroupId, Reason, Seq, Timestamp, TopicId, UserId, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::member::mute_seconds;
use super::profile::{self, GROUP_ID, Switch, TypeName, on_off};
use crate::endpoint::{Action, Answered, Call, Failure, Fault, Operation, Reading};
use crate::topic_id;
use crate::typed::{Field, Items, List, Name, OrEmpty, Text};

/// What a topic is made of, each within its limit.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Texts {
    introduction: Option<Text<{ limits::TOPIC_INTRODUCTION_BYTES_MAX }>>,
    notification: Option<Text<{ limits::TOPIC_NOTIFICATION_BYTES_MAX }>>,
    face_url: Option<Text<{ limits::TOPIC_FACE_URL_BYTES_MAX }>>,
    /// The app's own.
    custom_string: Option<Text<{ limits::TOPIC_CUSTOM_BYTES_MAX }>>,
}

/// A TopicId that must be there.
type WrittenId = Name<{ limits::TOPIC_ID_WRITTEN_BYTES_MAX }>;
type TopicName = Name<{ limits::TOPIC_NAME_BYTES_MAX }>;

fn text<const MAX: usize>(text: Option<Text<MAX>>) -> Option<String> {
    text.map(|Text(text)| text)
}

pub(crate) struct CreateTopicCall;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateTopicRequest {
    group_id: GroupId,
    topic_name: TopicName,
    /// The GroupId, `@TOPIC#_` and a part of its own; absent: random.
    topic_id: Option<String>,
    /// In whose name: any account.
    #[serde(rename = "From_Account", default)]
    from_account: OrEmpty<UserId>,
    #[serde(flatten)]
    texts: Texts,
    /// `import_topic` only: if it is there, `Community`.
    #[serde(rename = "Type", default)]
    group_type: OrEmpty<TypeName>,
    /// `import_topic` only: Unix seconds, not before the group's; 0 or absent: now.
    #[serde(default)]
    create_time: u32,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateTopicResponse {
    topic_id: String,
}

impl Operation for CreateTopicCall {
    const SUMMARY: &'static str = "Makes a topic of a community";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Request = CreateTopicRequest;
    type Response = CreateTopicResponse;

    async fn call(
        call: &Call<'_>,
        request: CreateTopicRequest,
    ) -> Result<Answered<CreateTopicResponse>, Failure> {
        if request.create_time > 0 || request.group_type.0.is_some() {
            return Err(call.parameter("import_topic makes a topic of an earlier time"));
        }
        create(call, request).await
    }
}

/// `group_open_http_svc/import_topic`: makes a topic as it was elsewhere.
pub(crate) struct ImportTopic;

impl Operation for ImportTopic {
    const SUMMARY: &'static str = "Makes a topic of a community as it was elsewhere";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Request = CreateTopicRequest;
    type Response = CreateTopicResponse;

    async fn call(
        call: &Call<'_>,
        request: CreateTopicRequest,
    ) -> Result<Answered<CreateTopicResponse>, Failure> {
        let group_type = request.group_type.0.map(GroupType::from);
        if group_type.is_some_and(|group_type| group_type != GroupType::Community) {
            return Err(call.refusal(Reason::GroupTypeForbids));
        }
        create(call, request).await
    }
}

async fn create(
    call: &Call<'_>,
    request: CreateTopicRequest,
) -> Result<Answered<CreateTopicResponse>, Failure> {
    let CreateTopicRequest {
        group_id,
        topic_name: Name(name),
        topic_id,
        from_account,
        texts,
        group_type: _,
        create_time,
    } = request;
    let own = topic_id::of_request(call, &group_id, topic_id.as_deref())?;
    let command = CreateTopic {
        topic_id: own.unwrap_or_else(|| call.desk.topic_id()),
        group_id: group_id.clone(),
        profile: TopicProfile {
            name,
            introduction: text(texts.introduction).unwrap_or_default(),
            notification: text(texts.notification).unwrap_or_default(),
            face_url: text(texts.face_url).unwrap_or_default(),
            custom: text(texts.custom_string).unwrap_or_default(),
            mute_all: false,
        },
        shown_as: from_account.0,
        created_at: (create_time > 0).then(|| Timestamp::from_seconds(create_time.into())),
    };
    let answer = call.submit(command).await?;
    let topic_id = topic_id::written(&group_id, &answer.reply);
    Ok(Answered::written(
        CreateTopicResponse { topic_id },
        answer.position,
    ))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyTopic {
    group_id: GroupId,
    topic_id: WrittenId,
    topic_name: Option<TopicName>,
    /// In whose name: any account.
    #[serde(rename = "From_Account", default)]
    from_account: OrEmpty<UserId>,
    #[serde(flatten)]
    texts: Texts,
    #[serde(default)]
    mute_all_member: OrEmpty<Switch>,
}

impl Action for ModifyTopic {
    const SUMMARY: &'static str = "Changes what a topic is called and says of itself";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Command = ChangeTopic;

    fn command(self, call: &Call<'_>) -> Result<ChangeTopic, Failure> {
        Ok(ChangeTopic {
            topic_id: topic_id::must_be(call, &self.group_id, &self.topic_id.0)?,
            group_id: self.group_id,
            change: TopicChange {
                name: self.topic_name.map(|Name(name)| name),
                introduction: text(self.texts.introduction),
                notification: text(self.texts.notification),
                face_url: text(self.texts.face_url),
                custom: text(self.texts.custom_string),
                mute_all: self.mute_all_member.0.map(Switch::is_on),
            },
            shown_as: self.from_account.0,
        })
    }
}

pub(crate) struct DestroyTopic;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DestroyTopicRequest {
    group_id: GroupId,
    topic_id_list: Items<WrittenId, TOPICS_PER_CALL_MAX>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DestroyTopicResponse {
    destroy_result_item: Vec<Destroyed>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Destroyed {
    topic_id: String,
    /// 0 destroyed; 110003: there is no such topic.
    error_code: u32,
    error_info: String,
}

impl Operation for DestroyTopic {
    const SUMMARY: &'static str = "Destroys topics of a community, at most 100";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Request = DestroyTopicRequest;
    type Response = DestroyTopicResponse;

    async fn call(
        call: &Call<'_>,
        request: DestroyTopicRequest,
    ) -> Result<Answered<DestroyTopicResponse>, Failure> {
        let DestroyTopicRequest {
            group_id,
            topic_id_list: Items(texts),
        } = request;
        let topics = texts.iter();
        let topics = topics.map(|Name(text)| topic_id::must_be(call, &group_id, text));
        let command = DestroyTopics {
            topics: topics.collect::<Result<_, _>>()?,
            group_id: group_id.clone(),
        };
        let answer = call.submit(command).await?;
        let item = |(topic, refused): (TopicId, Option<Reason>)| {
            let fault = refused.map(|reason| call.fault(reason));
            let (error_code, error_info) = of_fault(fault);
            Destroyed {
                topic_id: topic_id::written(&group_id, &topic),
                error_code,
                error_info,
            }
        };
        Ok(Answered::written(
            DestroyTopicResponse {
                destroy_result_item: answer.reply.into_iter().map(item).collect(),
            },
            answer.position,
        ))
    }
}

fn of_fault(fault: Option<Fault>) -> (u32, String) {
    fault.map_or((0, String::new()), |fault| {
        (fault.code, fault.info.into_owned())
    })
}

pub(crate) struct GetTopic;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetTopicRequest {
    group_id: GroupId,
    /// Whose part of each topic is answered, if it is a member of the group.
    #[serde(rename = "From_Account", default)]
    from_account: OrEmpty<UserId>,
    /// Absent or empty: all topics of the group.
    #[serde(default)]
    topic_id_list: List<WrittenId, TOPICS_PER_CALL_MAX>,
    /// Which fields come back; absent: all.
    #[serde(default)]
    response_filter: Option<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetTopicResponse {
    topic_and_self_info: Vec<OneTopic>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct OneTopic {
    /// 0; 110003: there is no such topic.
    error_code: u32,
    error_info: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    self_info: Option<Map<String, Value>>,
    topic_info: Map<String, Value>,
}

impl Operation for GetTopic {
    const SUMMARY: &'static str = "Reads topics of a community";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Request = GetTopicRequest;
    type Response = GetTopicResponse;

    async fn call(
        call: &Call<'_>,
        request: GetTopicRequest,
    ) -> Result<Answered<GetTopicResponse>, Failure> {
        let GetTopicRequest {
            group_id,
            from_account,
            topic_id_list: List(texts),
            response_filter,
        } = request;
        let read = call.read(|reads| {
            let group = profile::there_must_be(reads, &group_id)?;
            if rules(group.group_type).makes_topics == Who::Nobody {
                return Err(reads.refusal(Reason::GroupTypeForbids));
            }
            let sight = Sight::new(reads, (&group_id, &group), from_account.0.as_ref())?;
            sight.topics(&texts, response_filter.as_ref())
        });
        let topic_and_self_info = read.await?;
        Ok(Answered::read(GetTopicResponse {
            topic_and_self_info,
        }))
    }
}

/// Topics as someone sees them.
struct Sight<'a> {
    call: &'a Reading<'a>,
    id: &'a GroupId,
    group: &'a GroupRow,
    /// If it is a member.
    member: Option<(&'a UserId, MemberRow)>,
    now: Timestamp,
}

impl<'a> Sight<'a> {
    fn new(
        call: &'a Reading<'a>,
        (id, group): (&'a GroupId, &'a GroupRow),
        user: Option<&'a UserId>,
    ) -> Result<Self, Failure> {
        let member = match user {
            Some(user) => {
                let row = call.groups_with(id).member(id, user);
                row.map_err(Failure::broken)?.map(|row| (user, row))
            }
            None => None,
        };
        Ok(Self {
            call,
            id,
            group,
            member,
            now: call.log_now(),
        })
    }

    /// Those that are named, or all.
    fn topics(
        &self,
        texts: &[WrittenId],
        filter: Option<&Vec<String>>,
    ) -> Result<Vec<OneTopic>, Failure> {
        let groups = self.call.groups_with(self.id);
        if texts.is_empty() {
            let max = usize::try_from(TOPICS_MAX).unwrap_or(usize::MAX);
            let all = groups.topics(self.id, None, max);
            let all = all.map_err(Failure::broken)?.into_iter();
            return all
                .map(|(topic, row)| self.one(&topic, &row, filter))
                .collect();
        }
        let mut found = Vec::with_capacity(texts.len());
        for Name(text) in texts {
            let topic = topic_id::must_be(self.call, self.id, text)?;
            let row = groups.topic(self.id, &topic).map_err(Failure::broken)?;
            found.push(match row {
                Some(row) => self.one(&topic, &row, filter)?,
                None => self.unknown(text),
            });
        }
        Ok(found)
    }

    fn unknown(&self, text: &str) -> OneTopic {
        let (error_code, error_info) = of_fault(Some(self.call.fault(Reason::TopicUnknown)));
        OneTopic {
            error_code,
            error_info,
            self_info: None,
            topic_info: Map::from_iter([("TopicId".to_owned(), json!(text))]),
        }
    }

    fn one(
        &self,
        topic: &TopicId,
        row: &TopicRow,
        filter: Option<&Vec<String>>,
    ) -> Result<OneTopic, Failure> {
        let conversation = ConversationId::in_group(self.id, Some(topic));
        let conversations = self.call.conversations_with(&conversation);
        let (last_seq, last_at) = conversations.last(&conversation).map_err(Failure::broken)?;
        let id = topic_id::written(self.id, topic);
        let mut info = profile::filtered(self.info(&id, row, (last_seq, last_at)), filter);
        // Without it nobody knows which one it is.
        info.insert("TopicId".to_owned(), json!(id));
        let own = match &self.member {
            Some((user, member)) => Some(self.own(user, member, (&conversation, row))?),
            None => None,
        };
        Ok(OneTopic {
            error_code: 0,
            error_info: String::new(),
            self_info: own.map(|own| profile::filtered(own, filter)),
            topic_info: info,
        })
    }

    fn info(&self, id: &str, row: &TopicRow, last: (Seq, Timestamp)) -> Map<String, Value> {
        let TopicRow {
            made: _,
            profile,
            created_at,
        } = row;
        let TopicProfile {
            name,
            introduction,
            notification,
            face_url,
            custom,
            mute_all,
        } = profile;
        Map::from_iter(
            [
                ("TopicId", json!(id)),
                ("GroupID", json!(self.id)),
                ("TopicName", json!(name)),
                ("Introduction", json!(introduction)),
                ("Notification", json!(notification)),
                ("FaceUrl", json!(face_url)),
                ("CustomString", json!(custom)),
                ("MuteAllMember", json!(on_off(*mute_all))),
                ("CreateTime", json!(created_at.seconds())),
                ("NextMsgSeq", json!(last.0.next())),
                ("LastMsgTime", json!(last.1.seconds())),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        )
    }

    /// What a member has of its own in a topic.
    fn own(
        &self,
        user: &UserId,
        member: &MemberRow,
        (conversation, row): (&ConversationId, &TopicRow),
    ) -> Result<Map<String, Value>, Failure> {
        let conversations = self.call.conversations_with(conversation);
        let reader = conversations.reader(conversation, user);
        let read_seq = reader.map_err(Failure::broken)?.read_seq;
        let until = if self.group.mutes_until > self.now {
            let groups = self.call.groups_with(self.id);
            let until = groups.topic_mute(self.id, row.made, user);
            until.map_err(Failure::broken)?
        } else {
            Timestamp(0)
        };
        let receive: ReceiveOption = member
            .profile
            .receive
            .unwrap_or(rules(self.group.group_type).receive);
        Ok(Map::from_iter(
            [
                ("ShutUpTime", json!(mute_seconds(until, self.now))),
                ("MsgSeq", json!(read_seq)),
                ("MsgFlag", json!(receive)),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        ))
    }
}

#[cfg(test)]
mod tests;
