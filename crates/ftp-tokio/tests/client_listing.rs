//! Listings of servers that know LIST only.

use core::net::Ipv4Addr;
use ftp_proto::command::PathName;
use ftp_tokio::client::{Client, ClientOptions, Error, Listing, Login};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};

/// A server as vsftpd is: without MLSD, and with an empty listing for everything that has nothing in it or is not there.
/// There is one directory, "empty".
fn serve(listener: &TcpListener) -> std::io::Result<()> {
    let (mut control, _) = listener.accept()?;
    let mut data = None;
    control.write_all(b"220 ready\r\n")?;
    for line in BufReader::new(control.try_clone()?).lines() {
        let line = line?;
        let reply = match line.split_once(' ').unwrap_or((&line, "")) {
            ("USER", _) => "230 in".to_owned(),
            ("TYPE", _) => "200 fine".to_owned(),
            ("PWD", _) => "257 \"/\" is current".to_owned(),
            ("CWD", "/" | "empty") => "250 there".to_owned(),
            ("CWD", _) => "550 Failed to change directory.".to_owned(),
            ("EPSV", _) => {
                let port = data.insert(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?).local_addr()?.port();
                format!("229 Entering Extended Passive Mode (|||{port}|)")
            }
            ("LIST", _) => {
                control.write_all(b"150 here it comes\r\n")?;
                drop(data.take().map(|data| data.accept()));
                "226 done".to_owned()
            }
            _ => "500 unknown".to_owned(),
        };
        control.write_all(format!("{reply}\r\n").as_bytes())?;
    }
    Ok(())
}

async fn list(path: &str) -> Result<Listing, Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("listening");
    let port = listener.local_addr().expect("an address").port();
    let server = std::thread::spawn(move || serve(&listener));
    let mut client = Client::connect("127.0.0.1", port, ClientOptions::default()).await.expect("connecting");
    client.login(Login::anonymous()).await.expect("logging in");
    let listing = client.list(Some(&PathName::new(path.to_owned()).expect("a pathname"))).await;
    drop(client);
    // Wakes a server that the client never reached; it has ended otherwise.
    drop(TcpStream::connect((Ipv4Addr::LOCALHOST, port)));
    let _ = server.join().expect("the server's thread");
    listing
}

#[tokio::test]
async fn a_directory_that_list_shows_as_empty_is_empty_when_it_is_there() {
    let listing = list("empty").await.expect("a listing");
    assert!(listing.entries.is_empty());
}

#[tokio::test]
async fn a_directory_that_list_shows_as_empty_is_an_error_when_it_is_not_there() {
    let error = list("missing").await.expect_err("nothing is there");
    assert_eq!(error.reply().map(|reply| reply.code.get()), Some(550));
}

/// As `tokio::spawn` asks for.
#[test]
fn a_client_and_what_it_is_at_can_move_between_threads() {
    fn can_move<T: Send>(_: T) {}
    can_move(Client::connect("127.0.0.1", 21, ClientOptions::default()));
    let _never_called = |mut client: Client, path: &PathName| {
        can_move(client.list(Some(path)));
        can_move(client.login(Login::anonymous()));
        can_move(client);
    };
}
