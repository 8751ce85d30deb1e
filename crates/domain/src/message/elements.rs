//! What the elements of a message must be (reference: section 12.1), whoever sends them: the one
//! place of the rules.

use hansard_events::message::{Element, Image, Location, Merged, is_json_object, json_number};
use hansard_types::{Reason, limits};

/// JPG, GIF, PNG, BMP, another.
const IMAGE_FORMATS: &[u32] = &[1, 2, 3, 4, 255];
/// As it was, large, a thumbnail.
const IMAGE_KINDS: &[u32] = &[1, 2, 3];

pub(super) fn check(elements: &[Element]) -> Result<(), Reason> {
    let is_custom = |element: &&Element| matches!(element, Element::Custom { .. });
    if elements.iter().filter(is_custom).count() > 1 {
        return Err(Reason::CustomElementTwice);
    }
    elements.iter().try_for_each(check_one)
}

fn check_one(element: &Element) -> Result<(), Reason> {
    match element {
        Element::Text { text: _, extra }
        | Element::Face {
            index: _,
            data: _,
            extra,
        }
        | Element::Custom {
            data: _,
            desc: _,
            ext: _,
            sound: _,
            extra,
        } => check_extra(extra),
        Element::Location(location) => check_location(location),
        Element::Sound(sound) => check_source(&[&sound.url, &sound.uuid], &sound.extra),
        Element::File(file) => check_source(&[&file.url, &file.uuid], &file.extra),
        Element::Video(video) => check_source(&[&video.url, &video.uuid], &video.extra),
        Element::Image(image) => check_image(image),
        Element::Merged(merged) => check_merged(merged),
    }
}

fn check_extra(extra: &str) -> Result<(), Reason> {
    if extra.is_empty() || is_json_object(extra) {
        return Ok(());
    }
    Err(Reason::ElementExtraInvalid)
}

fn check_source(sources: &[&String], extra: &str) -> Result<(), Reason> {
    if sources.iter().all(|source| source.is_empty()) {
        return Err(Reason::MediaWithoutSource);
    }
    check_extra(extra)
}

fn check_location(location: &Location) -> Result<(), Reason> {
    let within = |degrees: &str, most: f64| {
        json_number(degrees).is_some_and(|number| (-most..=most).contains(&number))
    };
    if !within(&location.latitude, 90.0) || !within(&location.longitude, 180.0) {
        return Err(Reason::LocationInvalid);
    }
    check_extra(&location.extra)
}

fn check_image(image: &Image) -> Result<(), Reason> {
    let Image {
        uuid,
        format,
        sizes,
        extra,
    } = image;
    if uuid.is_empty() && sizes.is_empty() {
        return Err(Reason::MediaWithoutSource);
    }
    let is_known = format.is_none_or(|format| IMAGE_FORMATS.contains(&format));
    if !is_known || sizes.len() > limits::IMAGE_SIZES_MAX {
        return Err(Reason::ImageInvalid);
    }
    for size in sizes {
        if size.url.is_empty() || !IMAGE_KINDS.contains(&size.kind) {
            return Err(Reason::ImageInvalid);
        }
        check_extra(&size.extra)?;
    }
    check_extra(extra)
}

fn check_merged(merged: &Merged) -> Result<(), Reason> {
    let Merged {
        title: _,
        compatible_text: _,
        abstracts,
        messages,
        extra,
    } = merged;
    let is_short = |line: &String| line.chars().count() <= limits::MERGED_ABSTRACT_CHARS_MAX;
    if !(1..=limits::MERGED_MESSAGES_MAX).contains(&messages.len())
        || abstracts.len() > limits::MERGED_ABSTRACTS_MAX
        || !abstracts.iter().all(is_short)
    {
        return Err(Reason::MergedInvalid);
    }
    for message in messages {
        let is_counted = (1..=limits::MESSAGE_ELEMENTS_MAX).contains(&message.elements.len());
        if !is_counted {
            return Err(Reason::MergedInvalid);
        }
        check(&message.elements)?;
        check_extra(&message.extra)?;
    }
    if merged.messages_bytes() > limits::MERGED_BYTES_MAX {
        return Err(Reason::MergedTooLarge);
    }
    check_extra(extra)
}

#[cfg(test)]
mod tests {
    use hansard_events::message::{File, ImageSize, MergedMessage, Sound, Video};
    use hansard_types::UserId;

    use super::*;

    fn merged(messages: usize) -> Merged {
        let message = MergedMessage {
            sender: UserId::new("alice").expect("an id"),
            recipient: None,
            group_id: None,
            seq: None,
            random: None,
            sent_at_seconds: None,
            elements: vec![Element::text("안녕")],
            cloud_custom_data: None,
            extra: String::new(),
        };
        Merged {
            messages: vec![message; messages],
            ..Merged::default()
        }
    }

    fn image(change: impl FnOnce(&mut Image)) -> Element {
        let mut image = Image {
            sizes: vec![ImageSize {
                kind: 1,
                url: "u".to_owned(),
                ..ImageSize::default()
            }],
            ..Image::default()
        };
        change(&mut image);
        Element::Image(image)
    }

    fn at(latitude: &str, longitude: &str) -> Element {
        Element::Location(Location {
            description: String::new(),
            latitude: latitude.to_owned(),
            longitude: longitude.to_owned(),
            extra: String::new(),
        })
    }

    fn custom() -> Element {
        Element::Custom {
            data: String::new(),
            desc: String::new(),
            ext: String::new(),
            sound: String::new(),
            extra: String::new(),
        }
    }

    #[test]
    fn elements_at_a_limit_are_taken() {
        let url = || "u".to_owned();
        let lines = Merged {
            abstracts: vec!["가".repeat(100); 5],
            ..merged(300)
        };
        for element in [
            custom(),
            at("90", "-180"),
            at("-90.0", "1.8e2"),
            image(|image| image.format = Some(255)),
            image(|image| image.sizes = vec![image.sizes[0].clone(); 3]),
            Element::Sound(Sound {
                uuid: url(),
                ..Sound::default()
            }),
            Element::File(File {
                url: url(),
                ..File::default()
            }),
            Element::Merged(lines),
            Element::Text {
                text: String::new(),
                extra: "{}".to_owned(),
            },
        ] {
            assert_eq!(check(&[element]), Ok(()));
        }
    }

    #[test]
    fn media_over_a_limit_are_refused() {
        for (elements, reason) in [
            (vec![custom(), custom()], Reason::CustomElementTwice),
            (
                vec![Element::Sound(Sound::default())],
                Reason::MediaWithoutSource,
            ),
            (
                vec![Element::File(File::default())],
                Reason::MediaWithoutSource,
            ),
            (
                vec![Element::Video(Video::default())],
                Reason::MediaWithoutSource,
            ),
            (
                vec![Element::Image(Image::default())],
                Reason::MediaWithoutSource,
            ),
            (
                vec![image(|image| image.format = Some(5))],
                Reason::ImageInvalid,
            ),
            (
                vec![image(|image| image.sizes[0].kind = 4)],
                Reason::ImageInvalid,
            ),
            (
                vec![image(|image| image.sizes[0].url.clear())],
                Reason::ImageInvalid,
            ),
            (
                vec![image(|image| image.sizes = vec![image.sizes[0].clone(); 4])],
                Reason::ImageInvalid,
            ),
            (vec![at("90.1", "0")], Reason::LocationInvalid),
            (vec![at("0", "-180.5")], Reason::LocationInvalid),
            (vec![at("NaN", "0")], Reason::LocationInvalid),
            (vec![at("", "0")], Reason::LocationInvalid),
        ] {
            assert_eq!(check(&elements), Err(reason));
        }
    }

    #[test]
    fn merged_messages_over_a_limit_are_refused() {
        let with = |change: fn(&mut Merged)| {
            let mut merged = merged(2);
            change(&mut merged);
            Element::Merged(merged)
        };
        for (elements, reason) in [
            (vec![Element::Merged(merged(0))], Reason::MergedInvalid),
            (vec![Element::Merged(merged(301))], Reason::MergedInvalid),
            (
                vec![with(|merged| merged.abstracts = vec![String::new(); 6])],
                Reason::MergedInvalid,
            ),
            (
                vec![with(|merged| merged.abstracts = vec!["가".repeat(101)])],
                Reason::MergedInvalid,
            ),
            (
                vec![with(|merged| merged.messages[1].elements.clear())],
                Reason::MergedInvalid,
            ),
            (
                vec![with(|merged| {
                    merged.messages[1].elements = vec![at("x", "0")]
                })],
                Reason::LocationInvalid,
            ),
            (
                vec![with(|merged| {
                    let long = "x".repeat(limits::MERGED_BYTES_MAX);
                    merged.messages[0].elements = vec![Element::text(&long)];
                })],
                Reason::MergedTooLarge,
            ),
            (
                vec![Element::Text {
                    text: String::new(),
                    extra: "[]".to_owned(),
                }],
                Reason::ElementExtraInvalid,
            ),
        ] {
            assert_eq!(check(&elements), Err(reason));
        }
    }
}
