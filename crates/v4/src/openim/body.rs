//! `MsgBody`, and what is wrong with it, for every call that brings one.

use super::codes;
use crate::typed::Field;

pub(super) const MSG_BODY: Field =
    Field::of("MsgBody", codes::MSG_BODY_INVALID).wrong_type(codes::MSG_BODY_NOT_ARRAY);
pub(super) const MSG_BODY_ITEM: Field = Field::of("MsgBody[]", codes::MSG_BODY_INVALID);
pub(super) const MSG_TYPE: Field =
    Field::of("MsgBody[].MsgType", codes::MSG_BODY_INVALID).invalid(codes::MSG_ELEMENT_INVALID);
