//! Draining what threads of this test write, in place of a program under test.

mod flags;
mod program;

use memprof_wire::codec::MAX_TEXT;
use memprof_wire::ring::RingState;
use memprof_wire::units::Turn;
use program::{Course, Producer, Recording, event_chunks, said};
use std::sync::Arc;
use std::thread;

#[test]
fn everything_that_was_written_arrives_in_order() {
    let recording = Recording::begin();
    let written: Vec<u8> = (0..700_000u32)
        .map(|number| ((number * 7) >> 5) as u8)
        .collect();
    let mut producer = Producer::claim(&recording.session, 1);
    for piece in written.chunks(MAX_TEXT) {
        recording.session.page().next_turn();
        producer.say(piece);
    }
    let turn = recording.session.page().turn();
    let (drained, reader) = recording.end();
    assert_eq!(
        drained,
        Course {
            damaged: false,
            stopped: false
        }
    );
    let chunks = event_chunks(&reader, 1);
    assert_eq!(said(&reader, &chunks), written);
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk.raw <= 512 << 10 && !chunk.head.starts_with_restart)
    );
    assert!(chunks.is_sorted_by_key(|chunk| (chunk.head.turn, chunk.head.first)));
    assert!(chunks.last().is_some_and(|chunk| chunk.head.turn > turn));
    let stream = &reader.streams()[0];
    assert_eq!(
        (stream.stream, stream.image, stream.process),
        (1, 1, std::process::id())
    );
    assert_eq!(reader.stream_ends()[0].stream, 1);
    assert_eq!(reader.images()[0].process, std::process::id());
    let observed = reader.observations(1).expect("they are whole");
    assert!(observed[0].resident > 1 << 20, "{observed:?}");
}

#[test]
fn decoding_can_begin_anew_every_few_megabytes() {
    let recording = Recording::begin();
    let mut producer = Producer::claim(&recording.session, 1);
    let text = [b'x'; MAX_TEXT];
    let times = (9 << 20) / MAX_TEXT;
    for _ in 0..times {
        producer.say(&text);
    }
    let (_, reader) = recording.end();
    let chunks = event_chunks(&reader, 1);
    let (mut restarts, mut since) = (0, 0);
    for chunk in &chunks {
        if chunk.head.starts_with_restart {
            assert!(since >= 4 << 20, "{since}");
            (restarts, since) = (restarts + 1, 0);
        }
        since += chunk.raw;
    }
    assert_eq!(restarts, 2);
    assert_eq!(said(&reader, &chunks), text.repeat(times));
}

/// Ends a recording whose second stream said something that makes no sense after it was good.
fn one_is_given_up(recording: Recording, good: &mut Producer) {
    good.say(b"fine");
    let (drained, reader) = recording.end();
    assert!(drained.damaged);
    assert_eq!(said(&reader, &event_chunks(&reader, 1)), b"fine");
    assert_eq!(said(&reader, &event_chunks(&reader, 2)), b"good");
}

#[test]
fn words_that_are_no_event_harm_nobody() {
    let recording = Recording::begin();
    let mut good = Producer::claim(&recording.session, 1);
    let mut bad = Producer::claim(&recording.session, 1);
    bad.say(b"good");
    bad.wait();
    bad.write(&[0xff; 64]);
    bad.wait();
    bad.say(b"too late");
    bad.wait();
    one_is_given_up(recording, &mut good);
}

#[test]
fn the_ring_of_a_dead_thread_serves_another() {
    let recording = Recording::begin();
    for text in ["one", "two", "three"] {
        let session = Arc::clone(&recording.session);
        let thread = thread::spawn(move || {
            let mut producer = Producer::claim(&session, 1);
            producer.say(text.as_bytes());
            producer.ring
        });
        assert_eq!(thread.join().expect("it writes"), 0);
        while recording.session.rings()[0].state() != RingState::Free {
            thread::yield_now();
        }
    }
    let (_, reader) = recording.end();
    let texts: Vec<_> = (1..=3)
        .map(|stream| said(&reader, &event_chunks(&reader, stream)))
        .collect();
    assert_eq!(texts, [&b"one"[..], b"two", b"three"]);
    assert_eq!(reader.stream_ends().len(), 3);
    assert_eq!(reader.images().len(), 1);
}

#[test]
fn a_closed_ring_is_drained_and_its_image_ends_when_another_takes_over() {
    let recording = Recording::begin();
    let mut before = Producer::claim(&recording.session, 1);
    before.say(b"before");
    before.wait();
    before.header().close();
    let mut after = Producer::claim(&recording.session, 2);
    after.say(b"after");
    after.wait();
    let session = Arc::clone(&recording.session);
    while session.rings()[0].state() != RingState::Free {
        thread::yield_now();
    }
    let (_, reader) = recording.stop();
    assert_eq!(said(&reader, &event_chunks(&reader, 1)), b"before");
    assert_eq!(said(&reader, &event_chunks(&reader, 2)), b"after");
    let ended: Vec<u32> = reader.image_ends().iter().map(|end| end.image).collect();
    assert_eq!(ended, [1]);
}

#[test]
fn stopping_keeps_what_was_written_by_then() {
    let recording = Recording::begin();
    let mut producer = Producer::claim(&recording.session, 1);
    producer.say(b"so far");
    let (drained, reader) = recording.stop();
    assert_eq!(
        drained,
        Course {
            damaged: false,
            stopped: true
        }
    );
    assert_eq!(said(&reader, &event_chunks(&reader, 1)), b"so far");
    assert!(reader.stream_ends().is_empty());
}

#[test]
fn a_header_that_makes_no_sense_harms_nobody() {
    let recording = Recording::begin();
    let mut good = Producer::claim(&recording.session, 1);
    let mut bad = Producer::claim(&recording.session, 1);
    let worse = Producer::claim_with(&recording.session, 1, 12345);
    worse.header().publish(7);
    worse.wait_at(7);
    bad.say(b"good");
    bad.wait();
    bad.header().publish(1 << 60);
    one_is_given_up(recording, &mut good);
}

#[test]
fn rings_behind_one_that_was_given_up_are_drained() {
    let recording = Recording::begin();
    let given_up = &recording.session.rings()[0];
    assert!(given_up.claim());
    let mut producer = Producer::claim(&recording.session, 1);
    given_up.release();
    producer.say(b"event");
    producer.wait();
    assert_eq!(producer.ring, 1);
    let (_, reader) = recording.end();
    assert_eq!(said(&reader, &event_chunks(&reader, 1)), b"event");
}

#[test]
fn turns_bound_the_events_before_them() {
    let recording = Recording::begin();
    let mut producer = Producer::claim(&recording.session, 1);
    let turn = recording.session.page().next_turn();
    producer.say(b"event");
    producer.wait();
    let (_, reader) = recording.end();
    let chunks = event_chunks(&reader, 1);
    assert!(chunks[0].head.turn > turn && turn > Turn(0));
}
