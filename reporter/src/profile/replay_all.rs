//! A whole replay of a recording, on as many cores as are worth it.

use crate::recording::Recording;
use crate::replay::{
    Answer, Observer, Order, Replay, ReplayError, Source, Window, drive_on_two_cores, drive_window,
};
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
    if !is_worth_two_cores(recording) {
        return replay_here(recording, source, observer);
    }
    let (mut order, mut replay) = begin(recording, source, observer)?;
    drive_on_two_cores(&mut order, &mut replay)?;
    Ok(ended(replay))
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
    Ok(ended(replay))
}

/// Replays what a window needs of a recording; `None` where only a whole replay can tell.
///
/// # Errors
///
/// When the file cannot be read.
pub(super) fn replay_window<O: Observer + Send>(
    recording: &Recording,
    source: &impl Source,
    observer: O,
    window: &Window,
) -> Result<Option<Replay<O>>, ReplayError> {
    let (mut order, mut replay) = begin(recording, source, observer)?;
    let two_cores = is_worth_two_cores(recording);
    let answer = drive_window(&mut order, &mut replay, window, two_cores)?;
    let replay = ended(replay);
    Ok((answer == Answer::Known).then_some(replay))
}

fn is_worth_two_cores(recording: &Recording) -> bool {
    recording.event_bytes() >= WORTH_TWO_CORES && available_parallelism().is_ok_and(is_several)
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

/// A replay that gets no more events.
fn ended<O: Observer>(mut replay: Replay<O>) -> Replay<O> {
    replay.finish();
    replay.forget_blocks();
    replay
}
