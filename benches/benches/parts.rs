//! How long the parts take on this machine: `cargo bench --package hansard-benches`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use hansard_benches::{
    Chat, Search, TEXT, c2c_page, contacts_page, group_page, send_c2c, send_group, unread,
};

/// A random number that no message of the chat has.
const RANDOM: u32 = 4_000_000;

fn sends(criterion: &mut Criterion) {
    let chat = Chat::new();
    for (what, command) in [
        ("a send to a group", send_group(1, RANDOM)),
        ("a one-to-one send", send_c2c(0, 1, RANDOM)),
    ] {
        criterion.bench_function(&format!("decide {what}"), |bencher| {
            bencher.iter(|| chat.decide(&chat.store, black_box(&command)));
        });
        let [event] = &chat.decide(&chat.store, &command).events[..] else {
            panic!("{what} is one event");
        };
        criterion.bench_function(&format!("encode {what}"), |bencher| {
            bencher.iter(|| chat.encode(black_box(event)));
        });
        let (raw, envelope) = chat.encode(event);
        criterion.bench_function(&format!("decode {what}"), |bencher| {
            bencher.iter(|| chat.decode(black_box(&raw)));
        });
        let recorded = chat.recorded(event.clone(), envelope);
        criterion.bench_function(&format!("fold {what}"), |bencher| {
            bencher.iter(|| chat.fold(&chat.store, black_box(&recorded)));
        });
    }
}

fn pages(criterion: &mut Criterion) {
    let chat = Chat::new();
    let store = &chat.store;
    criterion.bench_function("read a page of a group", |bencher| {
        bencher.iter(|| group_page(black_box(store)));
    });
    criterion.bench_function("read a page one-to-one", |bencher| {
        bencher.iter(|| c2c_page(black_box(store)));
    });
    criterion.bench_function("read a page of contacts", |bencher| {
        bencher.iter(|| contacts_page(black_box(store)));
    });
    criterion.bench_function("count what is unread", |bencher| {
        bencher.iter(|| unread(black_box(store)));
    });
}

fn analysis(criterion: &mut Criterion) {
    let search = Search::new();
    criterion.bench_function("analyse and highlight a message", |bencher| {
        bencher.iter(|| search.highlight(black_box(TEXT)));
    });
}

criterion_group!(parts, sends, pages, analysis);
criterion_main!(parts);
