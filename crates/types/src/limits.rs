//! Every limit of the product, named, with the rule it comes from. Units are last in the name.

use std::ops::RangeInclusive;

/// A UserID's length (Tencent Cloud Chat: at most 32 bytes of printable ASCII).
pub const USER_ID_BYTES_MAX: usize = 32;
/// A GroupId's length (Tencent Cloud Chat: at most 48 bytes of printable ASCII).
pub const GROUP_ID_BYTES_MAX: usize = 48;
/// Partitions of one app's log (ours: each is a stream, a journal of its own rounds and three tasks).
pub const APP_PARTITIONS_MAX: u16 = 64;
/// Events of a log that are kept in memory for those who follow its end (ours).
pub const TAIL_EVENTS_MAX: usize = 8192;
/// Bytes of them as the log holds them; decoded and shown they take about three times as much.
pub const TAIL_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How far behind a busy log its followers may be before they take their share of the machine,
/// seconds (ours; `serve --search-lag`).
pub const FOLLOWER_LAG_SECONDS_MAX: u64 = 30;
/// Events a second of one log above which its followers wait (ours: far more than a busy chat, a
/// fraction of what one core takes).
pub const FOLLOWERS_WAIT_ABOVE: u64 = 4000;
/// Deleted accounts that a partition forgets in one event (ours).
pub const ACCOUNTS_FORGOTTEN_AT_ONCE_MAX: usize = 100;
/// A nickname's or picture URL's length (Tencent Cloud Chat: 500 bytes, else 40601).
pub const PROFILE_VALUE_BYTES_MAX: usize = 500;
/// A message's elements and custom data together (Tencent Cloud Chat of 2026: 12 KB).
pub const MESSAGE_BYTES_MAX: usize = 12 * 1024;
/// Elements of one message (ours; the contract names no number).
pub const MESSAGE_ELEMENTS_MAX: usize = 64;
/// Accounts that one `batchsendmsg` sends to (Tencent Cloud Chat: 500, else 90011).
pub const BATCH_RECIPIENTS_MAX: usize = 500;
/// `Desc` and `Ext` of an offline push together, bytes (Tencent Cloud Chat: 3 KB).
pub const OFFLINE_PUSH_TEXT_BYTES_MAX: usize = 3 * 1024;
/// All of `OfflinePushInfo`, bytes (ours).
pub const OFFLINE_PUSH_BYTES_MAX: usize = 8 * 1024;
/// Messages that are put together in one (Tencent Cloud Chat: 300).
pub const MERGED_MESSAGES_MAX: usize = 300;
/// What they take together, bytes (ours: half of what an event may).
pub const MERGED_BYTES_MAX: usize = EVENT_BYTES_MAX / 2;
/// Up to so much they are shown with the message, bytes; more of them are read by key (Tencent Cloud
/// Chat: 12 KB).
pub const MERGED_INLINE_BYTES_MAX: usize = 12 * 1024;
/// Lines that are shown of merged messages before they are opened, and a line's characters (Tencent
/// Cloud Chat: 5 of 100).
pub const MERGED_ABSTRACTS_MAX: usize = 5;
pub const MERGED_ABSTRACT_CHARS_MAX: usize = 100;
/// Sizes of one picture (Tencent Cloud Chat: as it was, large, thumbnail).
pub const IMAGE_SIZES_MAX: usize = 3;
/// Accounts in one `multiaccount_import`, `account_check` or `account_delete`.
pub const ACCOUNTS_PER_CALL_MAX: usize = 100;
/// Accounts in one `query_online_status` (Tencent Cloud Chat: 500, else 90011).
pub const ONLINE_STATUS_PER_CALL_MAX: usize = 500;
/// Accounts in one `portrait_get`.
pub const PROFILES_PER_CALL_MAX: usize = 100;
/// Tags or items in one call about profiles (ours: far more than an app can have).
pub const PROFILE_TAGS_PER_CALL_MAX: usize = 100;
/// Tag_Profile_IM_Location's length, bytes (four numbers of four bytes).
pub const PROFILE_LOCATION_BYTES_MAX: usize = 16;
/// Custom fields of profiles, and of friends, that an app may declare (Tencent Cloud Chat: 20).
pub const CUSTOM_FIELDS_MAX: usize = 20;
/// Letters of a custom field's name.
pub const CUSTOM_FIELD_NAME_BYTES_MAX: usize = 8;
/// Friends of an account (Tencent Cloud Chat: 3000).
pub const FRIENDS_MAX: u32 = 3000;
/// Requests that wait for an account's answer (Tencent Cloud Chat: 100).
pub const FRIEND_REQUESTS_MAX: u32 = 100;
/// Friend groups of an account (Tencent Cloud Chat: 32).
pub const FRIEND_GROUPS_MAX: usize = 32;
/// A friend group's name, bytes.
pub const FRIEND_GROUP_NAME_BYTES_MAX: usize = 30;
/// Accounts that an account blocks (Tencent Cloud Chat: 1000).
pub const BLOCKED_MAX: u32 = 1000;
/// What an account calls a friend, bytes.
pub const FRIEND_REMARK_BYTES_MAX: usize = 96;
/// What is said with a request, bytes.
pub const FRIEND_WORDING_BYTES_MAX: usize = 256;
/// Letters behind `AddSource_Type_`.
pub const FRIEND_SOURCE_LETTERS_MAX: usize = 8;
/// Accounts or items in one call about relations (Tencent Cloud Chat: 1000).
pub const RELATIONS_PER_CALL_MAX: usize = 1000;
/// Friends on a page (ours; the contract names no number).
pub const FRIENDS_PAGE_MAX: usize = 100;
/// Peers in one `get_c2c_unread_msg_num`.
pub const UNREAD_PEERS_PER_CALL_MAX: usize = 10;
/// Messages on one page of one-to-one history (ours; the contract bounds a page by 13 KB).
pub const C2C_HISTORY_PAGE_MAX: usize = 100;
/// Bytes on one page of one-to-one history (Tencent Cloud Chat: 13 KB).
pub const C2C_HISTORY_PAGE_BYTES_MAX: usize = 13 * 1024;
/// Messages on one page of group history.
pub const GROUP_HISTORY_PAGE_MAX: usize = 20;
/// Messages in one `group_msg_recall`.
pub const RECALL_PER_CALL_MAX: usize = 10;
/// The reason given with a recall, bytes.
pub const RECALL_REASON_BYTES_MAX: usize = 100;
/// A group's name, bytes.
pub const GROUP_NAME_BYTES_MAX: usize = 100;
/// A group's introduction, bytes.
pub const GROUP_INTRODUCTION_BYTES_MAX: usize = 400;
/// A group's notice, bytes.
pub const GROUP_NOTIFICATION_BYTES_MAX: usize = 400;
/// A group's picture URL, bytes.
pub const GROUP_FACE_URL_BYTES_MAX: usize = 500;
/// Members given with `create_group`.
pub const GROUP_MEMBERS_AT_CREATION_MAX: usize = 100;
/// Members in one `add_group_member`.
pub const GROUP_MEMBERS_ADDED_PER_CALL_MAX: usize = 300;
/// Members in one `delete_group_member`.
pub const GROUP_MEMBERS_REMOVED_PER_CALL_MAX: usize = 500;
/// Groups in one `get_group_info`.
pub const GROUPS_PER_INFO_CALL_MAX: usize = 50;
/// Groups on one page of `get_joined_group_list`.
pub const JOINED_GROUPS_PAGE_MAX: usize = 5000;
/// Members of a Work, Public or Meeting group (flagship edition).
pub const GROUP_MEMBERS_MAX: u32 = 6000;
/// Members of a Community.
pub const COMMUNITY_MEMBERS_MAX: u32 = 100_000;
/// Members that a message of a group can be for only.
pub const GROUP_TARGETS_MAX: usize = 50;
/// Members that one notice to a group can be for only.
pub const GROUP_NOTICE_TARGETS_MAX: usize = 500;
/// Attributes of one group.
pub const ATTRIBUTES_MAX: usize = 16;
/// An attribute's key, bytes.
pub const ATTRIBUTE_KEY_BYTES_MAX: usize = 32;
/// An attribute's value, bytes.
pub const ATTRIBUTE_VALUE_BYTES_MAX: usize = 4000;
/// Keys and values of one group's attributes, bytes.
pub const ATTRIBUTES_BYTES_MAX: usize = 16_000;
/// Changes of one group's attributes within a second of the log's clock.
pub const ATTRIBUTE_CHANGES_PER_SECOND_MAX: u32 = 5;
/// What a mark of an account in a live room may be: the contract keeps those below for itself, of
/// which none is taken yet.
pub const MARKS: RangeInclusive<u32> = 1000..=u32::MAX;
/// Marks that accounts have in one live room.
pub const MARKS_MAX: usize = 10;
/// Accounts that have one mark.
pub const MARKED_MAX: usize = 1000;
/// Accounts in one `modify_user_info`.
pub const MARKED_PER_CALL_MAX: usize = 500;
/// Extensions of one message: keys, also deleted ones until all are cleared.
pub const EXTENSIONS_MAX: usize = 300;
/// Extensions in one `set_key_values`.
pub const EXTENSIONS_PER_CALL_MAX: usize = 20;
/// Extensions on a page of `get_key_values`.
pub const EXTENSIONS_PAGE: usize = 200;
/// An extension's key, bytes.
pub const EXTENSION_KEY_BYTES_MAX: usize = 100;
/// An extension's value, bytes.
pub const EXTENSION_VALUE_BYTES_MAX: usize = 1000;
/// Changes of one message's extensions within a minute of the log's clock.
pub const EXTENSION_CHANGES_PER_MINUTE_MAX: u32 = 200;
/// A topic's part of its TopicId, bytes: as a GroupId's.
pub const TOPIC_ID_BYTES_MAX: usize = 48;
/// A TopicId as the server API writes it, bytes: a GroupId, `@TOPIC#_`, and the topic's part.
pub const TOPIC_ID_WRITTEN_BYTES_MAX: usize = GROUP_ID_BYTES_MAX + 8 + TOPIC_ID_BYTES_MAX;
/// Topics of one community. Ours: the contract names none that was read.
pub const TOPICS_MAX: u32 = 1000;
/// Topics in one `get_topic` or `destroy_topic`.
pub const TOPICS_PER_CALL_MAX: usize = 100;
/// A topic's name, bytes (the contract says 30, and 100 of a group's since: the larger).
pub const TOPIC_NAME_BYTES_MAX: usize = 100;
/// A topic's introduction, bytes.
pub const TOPIC_INTRODUCTION_BYTES_MAX: usize = 400;
/// A topic's notice, bytes.
pub const TOPIC_NOTIFICATION_BYTES_MAX: usize = 400;
/// A topic's picture URL, bytes.
pub const TOPIC_FACE_URL_BYTES_MAX: usize = 500;
/// What an app keeps with a topic, bytes.
pub const TOPIC_CUSTOM_BYTES_MAX: usize = 3000;
/// Counters of one group.
pub const COUNTERS_MAX: usize = 20;
/// A counter's key, bytes.
pub const COUNTER_KEY_BYTES_MAX: usize = 128;
/// Accounts that one call bans from a group, or lets in again.
pub const BANS_PER_CALL_MAX: usize = 20;
/// Why someone is banned, bytes.
pub const BAN_REASON_BYTES_MAX: usize = 1000;
/// Bans on a page.
pub const BANS_PAGE_MAX: usize = 100;
/// Bans of one group that are looked at for a page.
pub const BANS_LOOKED_AT_MAX: usize = 10_000;
/// Members that one call imports.
pub const MEMBERS_IMPORTED_PER_CALL_MAX: usize = 300;
/// Messages of a group that one call imports.
pub const GROUP_MESSAGES_IMPORTED_PER_CALL_MAX: usize = 20;
/// How many of a group's latest messages are looked at for those of one sender.
pub const RECALL_BY_SENDER_LATEST: u64 = 1000;
/// Ids of groups on a page of all groups.
pub const GROUP_IDS_PAGE_MAX: usize = 10_000;
/// Custom fields of groups that an app declares.
pub const GROUP_FIELDS_MAX: usize = 10;
/// Custom fields of members that an app declares.
pub const MEMBER_FIELDS_MAX: usize = 5;
/// A custom field's key, of groups and members.
pub const GROUP_FIELD_KEY_BYTES_MAX: usize = 16;
/// A custom field's value, of a group.
pub const GROUP_FIELD_VALUE_BYTES_MAX: usize = 512;
/// A custom field's value, of a member.
pub const MEMBER_FIELD_VALUE_BYTES_MAX: usize = 64;
/// A member's name in a group.
pub const NAME_CARD_BYTES_MAX: usize = 50;
/// Members on a page, unless the caller says otherwise.
pub const GROUP_MEMBERS_PAGE: usize = 100;
/// Accounts that one call mutes in a group.
pub const GROUP_MUTES_PER_CALL_MAX: usize = 500;
/// Mutes of a group that one answer lists.
pub const GROUP_MUTES_LISTED_MAX: usize = 10_000;
/// Members that one call asks the roles of.
pub const GROUP_ROLES_PER_CALL_MAX: usize = 500;
/// Members that one call names.
pub const GROUP_MEMBERS_NAMED_MAX: usize = 50;
/// Requests to join that wait in one group.
pub const JOIN_REQUESTS_MAX: u32 = 1000;
/// Why someone wants to join.
pub const JOIN_REASON_BYTES_MAX: usize = 300;
/// Mentions in one group message (Tencent Cloud Chat: 30, else 10053).
pub const GROUP_MENTIONS_MAX: usize = 30;
/// Conversations in an answer of recent contacts (Tencent Cloud Chat keeps 100 per user).
pub const RECENT_CONTACTS_PAGE_MAX: usize = 100;
/// Conversations of one second that a page of recent contacts begins behind (ours): a page reads
/// those it passes over.
pub const RECENT_CONTACTS_SKIPPED_MAX: usize = 10_000;
/// Messages of a conversation that a count of the unread looks at, the newest; a reader who is
/// further behind has at least as many (ours: about 3,000 rows).
pub const UNREAD_SPAN_MAX: u64 = 100_000;
/// One-to-one conversations that one total of the unread counts, the latest.
pub const UNREAD_CONVERSATIONS_MAX: usize = 10_000;
/// Messages that one total of the unread looks at.
pub const UNREAD_TOTAL_SPAN_MAX: u64 = 1_000_000;
/// Groups of an account that one read goes through (ours: twice a page of them).
pub const JOINED_GROUPS_READ_MAX: usize = 10_000;
/// One-to-one conversations that a search for a viewer looks in, the latest.
pub const SEARCH_CONTACTS_MAX: usize = 10_000;
/// How long the same sender and random mean the same group message, milliseconds (5 minutes).
pub const GROUP_DEDUP_WINDOW_MS: u64 = 5 * 60 * 1000;
/// Group messages of one app that retries are looked for among, at least: the newest ones, of the
/// window above. About 30 bytes of memory each, twice as many at most; reached by more than 25,000
/// messages a second for five minutes.
pub const RECENT_MESSAGES_MAX: usize = 8_000_000;
/// How far a caller's own message time may lie ahead of ours, milliseconds (one day).
pub const MESSAGE_AHEAD_MS_MAX: u64 = 24 * 60 * 60 * 1000;

/// A request's body, bytes.
pub const REQUEST_BODY_BYTES_MAX: usize = 1024 * 1024;
/// How deep a request's JSON may nest.
pub const REQUEST_JSON_DEPTH_MAX: usize = 32;
/// Lines of one import request.
pub const IMPORT_LINES_PER_CALL_MAX: usize = 1000;
/// Bytes of one import request.
pub const IMPORT_BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Events on one NDJSON page.
pub const EVENTS_PAGE_MAX: usize = 10_000;
/// Hits on one page of search.
pub const SEARCH_PAGE_MAX: usize = 100;
/// A search query, bytes.
pub const SEARCH_QUERY_BYTES_MAX: usize = 1024;

/// Signals that a listener may be behind; it misses the oldest when there are more.
pub const SIGNALS_WAITING_MAX: usize = 4096;

/// Commands that wait for a partition; one more is answered "busy".
pub const MAILBOX_COMMANDS_MAX: usize = 8192;
/// Commands that one round takes. Few enough that a thousand waiting clients are several rounds:
/// one is decided while another is appended and a third brought to disk.
pub const ROUND_COMMANDS_MAX: usize = 400;
/// Bytes of events that one round appends before it closes, so that one round stays far below
/// what JetStream buffers for a stream.
pub const ROUND_BYTES_MAX: usize = 8 * 1024 * 1024;
/// An event's body, bytes: half of nats-server's default `max_payload`.
pub const EVENT_BYTES_MAX: usize = 512 * 1024;
/// Events read from the log in one batch.
pub const READ_BATCH_MAX: usize = 2000;
/// Rows that go with the event that makes them void (a dissolved group's, a deleted account's): all
/// of most groups and accounts.
pub const SWEPT_ROWS_AT_ONCE: usize = 256;
/// Rows of what is left of them that every later event takes along, in each read model: little
/// beside what the event itself costs.
pub const SWEPT_ROWS_PER_EVENT: usize = 16;
/// Rows that one round changes before it closes: members are added by the hundred.
pub const ROUND_ROWS_MAX: usize = 20_000;
/// Reads of many rows (pages, lists, histories, counts, searches) at once: each takes a thread.
pub const READS_AT_ONCE_MAX: usize = 16;
/// Reads that wait for one of those to end; one more is answered "busy".
pub const READS_WAITING_MAX: usize = 1024;
/// Rows that a partition's decider keeps in memory, bytes: some 200,000 small ones.
pub const ROW_CACHE_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// How long a visit of a live room lasts unless it is renewed, seconds.
pub const VISIT_SECONDS: RangeInclusive<u32> = 10..=3600;
/// Administrators of a live room, besides its owner.
pub const ROOM_ADMINS_MAX: usize = 5;
/// The newest members of a live room that are shown, and how many a page holds.
pub const ROOM_MEMBERS_SHOWN_MAX: usize = 1000;
pub const ROOM_MEMBERS_PAGE: usize = 500;
/// Messages that one call confirms, or asks the receipts of.
pub const RECEIPTS_PER_CALL_MAX: usize = 50;
/// Readers of a message on a page.
pub const GROUP_RECEIPTS_PAGE_MAX: usize = 200;
/// Visits of one room that one event ends because their time is over.
pub const VISITS_ENDED_MAX: usize = 500;
/// How long live logs keep their events unless it is said otherwise, seconds.
pub const LIVE_KEEP_SECONDS: u64 = 24 * 3600;
/// How long the journal keeps what it holds, milliseconds: far more than the sync interval.
pub const JOURNAL_KEEP_MS: u64 = 5 * 60 * 1000;
/// How seldom a nats-server may bring its files to disk, milliseconds: twice in the time that the
/// journal holds what they miss. nats-server's default is 2 minutes.
pub const NATS_SYNC_INTERVAL_MS_MAX: u64 = JOURNAL_KEEP_MS / 2;
/// How much the journal holds of a log before older rounds go whatever their age, bytes: ten
/// seconds at the highest rate that was measured.
pub const JOURNAL_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// How much of a log's journal may wait for the archive before appends wait for it too, bytes:
/// half a minute at the highest rate that was measured.
pub const JOURNAL_UNARCHIVED_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// How far behind a round that does not read the next one is looked for, bytes: more than a file
/// of the journal holds.
pub const JOURNAL_LOOK_BEHIND_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// Ranges of damaged events that are told one by one of a file of the journal.
pub const JOURNAL_DAMAGE_RANGES_MAX: usize = 10_000;
/// How often a reader starts over because the files that it reads are written over meanwhile.
pub const JOURNAL_READ_ATTEMPTS_MAX: usize = 16;
/// Segments of a log's archive that are kept open for reading; each is a file descriptor.
pub const ARCHIVE_SEGMENTS_OPEN_MAX: usize = 4;
/// Events that a segment of the archive holds when it is made from the stream and not from a
/// segment of the journal, bytes.
pub const ARCHIVE_SEGMENT_BYTES: u64 = 64 * 1024 * 1024;
/// Events missing in a stream that are looked up one by one, whether they were erased; above it the
/// stream is made again instead.
pub const ERASED_LOOKED_AT_MAX: u64 = 10_000;
/// What a scrub in the background reads of each copy, bytes a second.
pub const SCRUB_BYTES_PER_SECOND: u64 = 8 * 1024 * 1024;
/// Partitions that a start opens at once; the others wait for their turn.
pub const PARTITIONS_OPENED_AT_ONCE_MAX: usize = 16;
/// Search indexes whose files are read, to compare their checksums, at once: it is nothing that
/// anyone waits for.
pub const SEARCH_CHECKS_AT_ONCE_MAX: usize = 1;
/// The first and the longest wait before a search index that does not open is tried again,
/// milliseconds.
pub const SEARCH_OPEN_RETRY_MS_MIN: u64 = 200;
pub const SEARCH_OPEN_RETRY_MS_MAX: u64 = 15_000;
/// A round without a result for longer says that its partition stands still, milliseconds: an
/// fsync of a busy disk takes tenths of a second.
pub const ROUND_RESULT_MS_MAX: u64 = 5_000;
/// A log that has not answered for longer is said to be silent, milliseconds: a nats-server that
/// dies is back within two seconds.
pub const LOG_SILENT_MS_MAX: u64 = 4_000;
/// Rows that may change while damaged read models are built again: they are kept in memory.
pub const PATCH_ROWS_MAX: usize = 300_000;
/// How often the end of a log is looked at, milliseconds: it may have lost what was committed.
pub const LOG_END_LOOKED_AT_MS: u64 = 1_000;
/// A follower that is behind and has not moved for longer stands still, milliseconds.
pub const FOLLOWER_STANDSTILL_MS: u64 = 15_000;
/// A follower that has been trying again for longer is in trouble, milliseconds.
pub const FOLLOWER_RETRYING_MS_MAX: u64 = 5_000;
/// Committed events that read models that are built again may be behind when they take the place of
/// the ones before: writes wait while these are folded.
pub const REBUILT_BEHIND_EVENTS_MAX: u64 = 1_000;
/// How long observations of metrics are kept one by one, milliseconds: each takes memory until
/// they are counted together.
pub const METRICS_UPKEEP_MS: u64 = 5_000;
/// Free disk below which writes are refused, bytes. JetStream freezes when its disk is full.
pub const DISK_HEADROOM_BYTES_MIN: u64 = 512 * 1024 * 1024;

/// How far the clock of a host that makes UserSigs may be behind ours, seconds: one that it makes
/// right after a kick works.
pub const SIGNER_BEHIND_SECONDS_MAX: u64 = 2;
/// Connections open at once, whatever the limit of descriptors: each costs some 20 KiB.
pub const CONNECTIONS_MAX: u64 = 10_000;
/// Table files of the read models that are kept open, at most; at fewer descriptors a quarter.
pub const TABLE_FILES_OPEN_MAX: u64 = 1024;
/// Descriptors kept for our own other files (log, journal, search, timers), at most; at fewer
/// descriptors a quarter.
pub const OWN_FILES_OPEN_MAX: u64 = 1024;
/// The fewest descriptors that a server starts with: a quarter of them is what an idle one uses.
pub const DESCRIPTORS_MIN: u64 = 256;
/// The most descriptors that are asked for: some systems allow a billion, and no table needs them.
pub const DESCRIPTORS_MAX: u64 = 1024 * 1024;
/// How long a TLS handshake may take, milliseconds: a phone's on a bad line takes two seconds.
pub const TLS_HANDSHAKE_MS_MAX: u64 = 10_000;
/// How often a certificate's files are looked at, milliseconds.
pub const TLS_CHECK_EVERY_MS: u64 = 2_000;
/// A certificate's or a key's file, bytes: a chain of four takes 8 KiB.
pub const TLS_FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Files of a data directory that a start makes private, at most: the log of 8 TB.
pub const FILES_MADE_PRIVATE_MAX: usize = 1_000_000;
/// The time over which log lines are counted, milliseconds.
pub const LOG_WINDOW_MS: u64 = 10_000;
/// Log lines with the same words from one place of the source, in that time.
pub const LOG_LINES_SAME_MAX: u32 = 5;
/// Log lines from one place of the source, whatever they say, in that time.
pub const LOG_LINES_MAX: u32 = 50;
