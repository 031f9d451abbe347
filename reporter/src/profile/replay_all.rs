//! A whole replay of a recording, on as many cores as are worth it.

use crate::recording::Recording;
use crate::replay::{Observer, Order, Replay, ReplayError, Source, drive_on_two_cores};
use std::num::NonZero;
use std::thread::available_parallelism;

/// Bytes of events below which a second thread takes longer to start than it would save.
const WORTH_TWO_CORES: u64 = 1 << 20;

fn is_several(cores: NonZero<usize>) -> bool {
    cores.get() > 1
}

/// Replays all events of a recording for an observer, which may be on another thread.
///
/// # Errors
///
/// When the file cannot be read.
pub fn replay<O: Observer + Send>(
    recording: &Recording,
    source: &impl Source,
    observer: O,
) -> Result<Replay<O>, ReplayError> {
    let several = available_parallelism().is_ok_and(is_several);
    if recording.event_bytes() < WORTH_TWO_CORES || !several {
        return replay_here(recording, source, observer);
    }
    let (mut order, mut replay) = begin(recording, source, observer)?;
    drive_on_two_cores(&mut order, &mut replay)?;
    replay.finish();
    Ok(replay)
}

/// The same for an observer that cannot leave this thread.
///
/// # Errors
///
/// When the file cannot be read.
pub fn replay_here<O: Observer>(
    recording: &Recording,
    source: &impl Source,
    observer: O,
) -> Result<Replay<O>, ReplayError> {
    let (mut order, mut replay) = begin(recording, source, observer)?;
    order.drive(&mut replay)?;
    replay.finish();
    Ok(replay)
}

fn begin<'a, S: Source, O: Observer>(
    recording: &Recording,
    source: &'a S,
    observer: O,
) -> Result<(Order<'a, S>, Replay<O>), ReplayError> {
    let order = Order::new(source, recording.streams())?;
    let (streams, spaces) = (recording.streams(), recording.spaces());
    let mut replay = Replay::of_spaces(recording.page_size(), observer, streams, spaces);
    replay.definitions.calls.set_unloads(recording.unloads());
    Ok((order, replay))
}
