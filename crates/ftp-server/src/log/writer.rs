//! A log that never makes the service wait: lines go to a thread of their own through a bounded queue. When the device
//! is full or slow, lines are dropped and counted, and the count is logged once lines get through again.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait for the device; a line is seldom longer than 300 octets.
const QUEUE: usize = 8192;

/// How long the thread rests after its last line. To wake a thread costs a session more than to make the line; of a burst only
/// the first one pays for it.
const REST: Duration = Duration::from_millis(5);

/// How long the end of the process waits for the last lines: a device that is stuck must not keep it alive.
const LAST_LINES: Duration = Duration::from_secs(2);

/// Makes a writer for each event.
#[derive(Debug, Clone)]
pub(crate) struct LogQueue {
    lines: SyncSender<Message>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    dropped: AtomicU64,
    ending: AtomicBool,
}

/// Ends the thread; what is queued is written first, unless the device is stuck.
#[derive(Debug)]
pub(crate) struct LogGuard {
    lines: SyncSender<Message>,
    state: Arc<State>,
    ended: Receiver<()>,
}

#[derive(Debug)]
enum Message {
    Line(Vec<u8>),
    Wake,
}

/// Starts the thread that writes to `device`. `lost` makes the line that says how many lines were dropped.
pub(crate) fn start(
    device: impl Write + Send + 'static,
    lost: fn(u64) -> String,
) -> io::Result<(LogQueue, LogGuard)> {
    let (lines, queue) = sync_channel(QUEUE);
    let (end, ended) = sync_channel(0);
    let state = Arc::new(State::default());
    let shared = Arc::clone(&state);
    std::thread::Builder::new().name("log".to_owned()).spawn(move || {
        write_lines(device, &queue, &shared, lost);
        drop(end);
    })?;
    let guard = LogGuard { lines: lines.clone(), state: Arc::clone(&state), ended };
    Ok((LogQueue { lines, state }, guard))
}

fn write_lines(device: impl Write, queue: &Receiver<Message>, state: &State, lost: fn(u64) -> String) {
    let mut device = device;
    while let Some(line) = next_line(queue, state) {
        let missing = state.dropped.swap(0, Ordering::Relaxed);
        if missing > 0 && device.write_all(lost(missing).as_bytes()).is_err() {
            state.dropped.fetch_add(missing, Ordering::Relaxed);
        }
        // An error of the device is no reason to end the service: the line is lost, and counted.
        if device.write_all(&line).and_then(|()| device.flush()).is_err() {
            state.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The next line; `None` when the end was asked for and nothing is queued any more.
fn next_line(queue: &Receiver<Message>, state: &State) -> Option<Vec<u8>> {
    loop {
        match queue.try_recv().or_else(|_| next_after_rest(queue, state)) {
            Ok(Message::Line(line)) => return Some(line),
            Ok(Message::Wake) => {}
            Err(_) => return None,
        }
    }
}

/// Waits for a line when none is queued: first so that nobody has to wake this thread, then until somebody does.
fn next_after_rest(queue: &Receiver<Message>, state: &State) -> Result<Message, TryRecvError> {
    let is_ending = || state.ending.load(Ordering::Acquire);
    if !is_ending() {
        std::thread::sleep(REST);
    }
    queue.try_recv().or_else(|empty| {
        if is_ending() { Err(empty) } else { queue.recv().map_err(|_| TryRecvError::Disconnected) }
    })
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.state.ending.store(true, Ordering::Release);
        // Wakes a thread that waits; one that does not wait sees the mark when its queue is empty.
        let _ = self.lines.try_send(Message::Wake);
        let _ = self.ended.recv_timeout(LAST_LINES);
    }
}

impl LogQueue {
    /// Queues a line, or drops and counts it.
    pub(crate) fn send(&self, line: Vec<u8>) {
        if self.lines.try_send(Message::Line(line)).is_err() {
            self.state.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<'a> MakeWriter<'a> for LogQueue {
    type Writer = OneEvent;

    fn make_writer(&'a self) -> OneEvent {
        OneEvent { queue: self.clone(), line: Vec::with_capacity(256) }
    }
}

/// Collects one event and queues it when it is whole.
#[derive(Debug)]
pub(crate) struct OneEvent {
    queue: LogQueue,
    line: Vec<u8>,
}

impl Write for OneEvent {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for OneEvent {
    fn drop(&mut self) {
        let line = core::mem::take(&mut self.line);
        if !line.is_empty() {
            self.queue.send(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Clone, Default)]
    struct Device(Arc<Mutex<DeviceState>>);

    #[derive(Default)]
    struct DeviceState {
        written: Vec<u8>,
        failures_to_come: u32,
    }

    impl Write for Device {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            let mut state = self.0.lock().unwrap();
            if state.failures_to_come > 0 {
                state.failures_to_come -= 1;
                return Err(io::ErrorKind::StorageFull.into());
            }
            state.written.extend_from_slice(octets);
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lost(lines: u64) -> String {
        format!("lost {lines}\n")
    }

    fn log(queue: &LogQueue, line: &str) {
        queue.make_writer().write_all(line.as_bytes()).unwrap();
    }

    #[test]
    fn lines_come_out_whole_and_in_order() {
        let device = Device::default();
        let (queue, guard) = start(device.clone(), lost).unwrap();
        for number in 0..100 {
            log(&queue, &format!("{number}\n"));
        }
        drop(guard);
        let expected: String = (0..100).map(|number| format!("{number}\n")).collect();
        assert_eq!(device.0.lock().unwrap().written, expected.into_bytes());
    }

    #[test]
    fn s38_a_full_log_device_loses_lines_and_says_how_many_afterwards() {
        let device = Device::default();
        device.0.lock().unwrap().failures_to_come = 2;
        let (queue, guard) = start(device.clone(), lost).unwrap();
        // The second failure is the one of the line that would have told of the first.
        for line in ["a\n", "b\n", "c\n"] {
            log(&queue, line);
        }
        drop(guard);
        let written = String::from_utf8(device.0.lock().unwrap().written.clone()).unwrap();
        assert_eq!(written, "b\nlost 1\nc\n");
    }

    #[test]
    fn s38_logging_never_waits_for_the_device() {
        // A device that blocks until it is told to go on.
        struct Stuck(Receiver<()>);
        impl Write for Stuck {
            fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
                let _ = self.0.recv();
                Ok(octets.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (release, stuck) = sync_channel(0);
        let (queue, guard) = start(Stuck(stuck), lost).unwrap();
        for _ in 0..QUEUE + 10 {
            log(&queue, "line\n");
        }
        assert!(queue.state.dropped.load(Ordering::Relaxed) >= 9);
        drop(release);
        drop(guard);
    }
}
