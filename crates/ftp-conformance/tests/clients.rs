//! The clients of both drivers do the same, since they only wait in other ways.

use core::net::Ipv4Addr;
use ftp_tokio::client::{AbortHandle, ClientOptions, Error, ErrorKind, Event, Login, Observer};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

type LogIn = fn(u16, ClientOptions) -> Result<(), Error>;

/// How both log in at a port.
const DRIVERS: [LogIn; 2] = [
    |port, options| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut client = ftp_tokio::Client::connect("127.0.0.1", port, options).await?;
            client.login(Login::anonymous()).await.map(drop)
        })
    },
    |port, options| {
        let mut client = ftp_mio::Client::connect("127.0.0.1", port, options)?;
        client.login(Login::anonymous()).map(drop)
    },
];

/// A server that greets, and says nothing more; it ends with its client.
fn silent() -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let serving = std::thread::spawn(move || {
        let (mut control, _) = listener.accept().expect("a client");
        control.write_all(b"220 ready\r\n").expect("it listens");
        // A reset is an end, too.
        let _ = control.read_to_end(&mut Vec::new());
    });
    (port, serving)
}

#[test]
fn an_abort_ends_an_operation_that_waits_for_a_silent_server() {
    for log_in in DRIVERS {
        let (port, serving) = silent();
        let abort = AbortHandle::default();
        let (ends, asked) = (abort.clone(), |event: &Event| matches!(event, Event::Sent(_)));
        let observer = Observer::new(move |event| {
            if asked(event) {
                // From elsewhere, as Ctrl-C comes.
                let ends = ends.clone();
                std::thread::spawn(move || ends.abort());
            }
        });
        let failed =
            log_in(port, ClientOptions { observer, abort: abort.clone(), ..ClientOptions::default() });
        assert_eq!(failed.expect_err("nobody answers").kind(), ErrorKind::Aborted);
        assert!(!abort.is_wanted(), "the wish is fulfilled");
        serving.join().expect("the connection is closed");
    }
}

#[test]
fn an_abort_ends_connecting() {
    for log_in in DRIVERS {
        let abort = AbortHandle::default();
        abort.abort();
        let failed = log_in(9, ClientOptions { abort, ..ClientOptions::default() });
        assert_eq!(failed.expect_err("it was not wanted").kind(), ErrorKind::Aborted);
    }
}
