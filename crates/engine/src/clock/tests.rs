use std::sync::Arc;
use std::time::Duration;

use hansard_types::{AppId, LogId, Timestamp};

use super::{BELIEVED_AFTER, Clock, IdSource, JUMP_MS, LogTime, SteadyClock, SystemIds};
use crate::testing::FixedClock;

const BEGUN: Timestamp = Timestamp(1_794_000_000_000);
const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;
const LOG: LogId = LogId {
    app: AppId(1_400_000_001),
    partition: 0,
};

fn steady() -> (FixedClock, SteadyClock<FixedClock>) {
    let machine = FixedClock::at(BEGUN);
    let clock = SteadyClock::new(machine.clone());
    (machine, clock)
}

/// Lets time pass with a look at the clock every second, as the server does.
fn pass(machine: &FixedClock, clock: &impl Clock, seconds: u64) {
    for _ in 0..seconds {
        machine.advance_ms(1000);
        clock.now();
    }
}

fn held_seconds() -> u64 {
    BELIEVED_AFTER.as_secs()
}

fn at(ms: i64) -> Timestamp {
    Timestamp(BEGUN.0.saturating_add_signed(ms))
}

#[test]
fn a_jump_that_does_not_hold_is_noticed_and_not_followed() {
    for by_ms in [DAY_MS, -DAY_MS] {
        let (machine, clock) = steady();
        machine.jump_ms(by_ms);
        assert_eq!(clock.now(), at(0));
        machine.advance_ms(1000);
        assert_eq!(clock.now(), at(1000));
        let jump = clock.jump().expect("noticed");
        assert_eq!((jump.by_ms, jump.ago), (by_ms, Duration::from_secs(1)));
        machine.jump_ms(-by_ms);
        assert_eq!(clock.now(), at(1000));
        assert_eq!(clock.jump(), None, "it got over it");
    }
}

#[test]
fn a_jump_that_holds_is_followed() {
    for by_ms in [DAY_MS, -HOUR_MS] {
        let (machine, clock) = steady();
        machine.jump_ms(by_ms);
        clock.now();
        pass(&machine, &clock, held_seconds() - 1);
        assert_eq!(clock.now(), at(59_000));
        machine.advance_ms(1000);
        assert_eq!(clock.now(), at(60_000 + by_ms));
        assert_eq!(clock.jump(), None);
    }
}

/// The monotonic clock of some systems stands still meanwhile.
#[test]
fn a_suspended_machine_has_the_right_time_a_minute_after_it_wakes_up() {
    let (machine, clock) = steady();
    pass(&machine, &clock, 10);
    machine.jump_ms(8 * HOUR_MS);
    pass(&machine, &clock, held_seconds() + 1);
    assert_eq!(clock.now(), at(8 * HOUR_MS + 71_000));
}

#[test]
fn drift_and_slewing_are_followed_and_are_no_jumps() {
    for by_ms in [-80, 80] {
        let (machine, clock) = steady();
        for second in 1..=3600 {
            machine.advance_ms(1000);
            machine.jump_ms(by_ms);
            assert_eq!(clock.now(), at(second * (1000 + by_ms)));
            assert_eq!(clock.jump(), None);
        }
    }
}

#[test]
fn a_clock_that_slews_where_it_jumped_to_is_still_the_same_jump() {
    let (machine, clock) = steady();
    machine.jump_ms(HOUR_MS);
    for _ in 0..=held_seconds() {
        clock.now();
        machine.advance_ms(1000);
        machine.jump_ms(80);
    }
    assert_eq!(clock.jump(), None, "followed");
    assert!(clock.now() > at(HOUR_MS));
}

#[test]
fn a_clock_that_never_rests_is_never_followed() {
    let (machine, clock) = steady();
    for round in 0..100 {
        machine.jump_ms(if round % 2 == 0 { DAY_MS } else { -2 * DAY_MS });
        pass(&machine, &clock, held_seconds() / 2);
        let passed = (round + 1) * 30_000;
        assert_eq!(clock.now(), at(passed));
    }
}

fn log_time(machine: &FixedClock, last: Timestamp) -> (Arc<SteadyClock<FixedClock>>, LogTime) {
    let clock = Arc::new(SteadyClock::new(machine.clone()));
    let time = LogTime::after(LOG, Arc::clone(&clock) as _, last);
    (clock, time)
}

#[test]
fn a_log_s_time_is_the_clock_s_and_never_goes_back() {
    let machine = FixedClock::at(BEGUN);
    let (clock, time) = log_time(&machine, at(-5000));
    assert_eq!(time.now(), at(0));
    let mut last = time.now();
    for by_ms in [5, -300, 900, -900, DAY_MS, -DAY_MS, -HOUR_MS] {
        machine.jump_ms(by_ms);
        for _ in 0..200 {
            machine.advance_ms(500);
            let now = time.now();
            assert!(now >= last, "{by_ms}");
            last = now;
        }
    }
    assert_eq!(clock.now(), machine_says(&machine));
}

fn machine_says(machine: &FixedClock) -> Timestamp {
    super::Machine::wall(machine)
}

#[test]
fn behind_the_log_s_last_event_time_passes_at_half_speed_until_the_clock_has_caught_up() {
    let machine = FixedClock::at(BEGUN);
    let (clock, time) = log_time(&machine, at(DAY_MS));
    assert_eq!(time.now(), at(DAY_MS));
    assert_eq!(time.ahead(), Some(Duration::from_secs(24 * 60 * 60)));
    for minute in 1..=10 {
        // Many looks lose nothing to rounding.
        for _ in 0..60_000 {
            machine.advance_ms(1);
            time.now();
        }
        assert_eq!(time.now(), at(DAY_MS + minute * 30_000));
    }
    machine.advance_ms(2 * u64::try_from(DAY_MS).expect("positive"));
    assert_eq!((time.now(), time.ahead()), (clock.now(), None));
}

#[test]
fn events_of_somebody_whose_clock_is_ahead_are_not_gone_back_behind() {
    let machine = FixedClock::at(BEGUN);
    let (_, time) = log_time(&machine, at(0));
    assert_eq!(time.at_least(at(HOUR_MS)), at(HOUR_MS));
    machine.advance_ms(2000);
    assert_eq!(time.now(), at(HOUR_MS + 1000));
    assert_eq!(time.at_least(at(0)), at(HOUR_MS + 1000));
}

#[test]
fn a_usual_correction_of_the_clock_is_not_called_ahead() {
    let machine = FixedClock::at(BEGUN);
    let (_, time) = log_time(&machine, Timestamp(BEGUN.0 + JUMP_MS));
    assert_eq!(time.ahead(), None);
}

#[test]
fn ids_say_the_time_of_their_events() {
    let next = |ms| SystemIds.next(Timestamp(BEGUN.0 + ms)).id;
    let id = next(123);
    let time = id.get_timestamp().expect("a UUIDv7").to_unix();
    assert_eq!((time.0, time.1 / 1_000_000), (BEGUN.seconds(), 123));
    assert_ne!(id, next(123));
    assert!(id < next(124));
}
