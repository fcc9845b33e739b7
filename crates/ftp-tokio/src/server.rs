//! The server: a task that accepts, and one for each session.

use crate::blocking::BlockingPool;
use crate::event_loop::{TaskLoop, poll_io, register};
use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use ftp_dtp::event_loop::Direction;
use ftp_service::{Arrival, BLOCKING_THREADS, Connection, Listener, Server, Service, Session};
use std::io;
use std::sync::Arc;
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Serves until the server's [handle](Server::handle) says that it is to end, and all sessions have.
///
/// # Errors
/// When the runtime cannot watch the listeners.
pub async fn serve(server: Server) -> io::Result<()> {
    let (listeners, service) = server.into_parts();
    let listeners = listeners.into_iter().map(register).collect::<io::Result<Vec<_>>>()?;
    let (said, mut heard) = watch::channel(());
    service.wake_by(move || said.send_replace(()));
    let blocking = BlockingPool::new(BLOCKING_THREADS);
    let mut sessions = JoinSet::new();
    while !service.is_stopping() {
        tokio::select! {
            connection = accept_any(&listeners) => {
                let ear = heard.clone();
                match Task::open(&service, &blocking, ear, connection) {
                    Ok(task) => drop(sessions.spawn(task)),
                    Err(error) => tracing::debug!(%error, "a connection was gone before it was served"),
                }
            }
            Some(_) = sessions.join_next(), if !sessions.is_empty() => {}
            _ = heard.changed() => {}
        }
    }
    // A peer that connects from now on is refused, not left waiting.
    drop(listeners);
    service.listeners_closed();
    while sessions.join_next().await.is_some() {}
    Ok(())
}

/// The next control connection on any listener.
async fn accept_any(listeners: &[AsyncFd<Listener>]) -> Connection {
    loop {
        let arrived = poll_fn(|cx| {
            let poll = |listener| poll_io(cx, listener, Direction::Read, Listener::accept);
            let found = listeners.iter().map(poll).find(Poll::is_ready);
            found.unwrap_or(Poll::Pending)
        });
        match arrived.await {
            Ok(Arrival::Connection(connection)) => return connection,
            Ok(Arrival::Pause(time)) => tokio::time::sleep(time).await,
            // The runtime is going down, and this task with it.
            Err(_) => core::future::pending().await,
        }
    }
}

/// The task of one session.
#[derive(Debug)]
struct Task {
    session: Session<TaskLoop>,
    event_loop: TaskLoop,
    ear: Ear,
}

impl Task {
    fn open(
        service: &Arc<Service>,
        blocking: &BlockingPool,
        said: watch::Receiver<()>,
        connection: Connection,
    ) -> io::Result<Self> {
        let mut event_loop = TaskLoop::new(blocking.clone());
        let session = Session::open(service, &mut event_loop, connection)?;
        Ok(Self { session, event_loop, ear: Ear::new(said) })
    }
}

impl Future for Task {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let task = &mut *self;
        task.event_loop.hear(cx);
        task.ear.listen(cx);
        task.session.turn(&mut task.event_loop)
    }
}

/// Wakes the task when the service says something.
struct Ear {
    said: Pin<Box<dyn Future<Output = Option<watch::Receiver<()>>> + Send>>,
    /// Nothing will be said any more.
    deaf: bool,
}

impl Ear {
    fn new(receiver: watch::Receiver<()>) -> Self {
        Self { said: Box::pin(said(receiver)), deaf: false }
    }

    fn listen(&mut self, cx: &mut Context<'_>) {
        while !self.deaf
            && let Poll::Ready(receiver) = self.said.as_mut().poll(cx)
        {
            match receiver {
                Some(receiver) => self.said = Box::pin(said(receiver)),
                None => self.deaf = true,
            }
        }
    }
}

async fn said(mut receiver: watch::Receiver<()>) -> Option<watch::Receiver<()>> {
    receiver.changed().await.ok().map(|()| receiver)
}

impl fmt::Debug for Ear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ear").field("deaf", &self.deaf).finish_non_exhaustive()
    }
}
