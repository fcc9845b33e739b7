//! Storage that says no, and peers that go away: each by real means.

use crate::harness::{Client, Server, Start, skipped, until};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
use std::process::Command;

/// The served directory as the server sees it, which may have a mount of its own there.
fn inside(server: &Server) -> std::path::PathBuf {
    server.proc("root").join(server.root.strip_prefix("/").unwrap())
}

fn mode(path: &std::path::Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Closes by RST.
fn reset(data: TcpStream) {
    socket2::SockRef::from(&data).set_linger(Some(core::time::Duration::ZERO)).unwrap();
}

#[test]
fn s34_a_full_disk_is_told_nothing_is_left_of_the_upload_and_the_session_goes_on() {
    let Some(start) = Start::new().writable().in_namespace() else { return };
    let server = start.after("mount -t tmpfs -o size=512k none \"$ROOT\"").start();
    let mut client = server.anonymous();
    assert!(client.put("STOR small", &[1; 100_000]).starts_with("226"));
    for verb in ["STOR", "APPE", "STOU"] {
        // RFC 959 §5.4 has 452 before the transfer, 552 once it has begun.
        let reply = client.put(&format!("{verb} large"), &[2; 2_000_000]);
        assert!(reply.starts_with("552") && reply.contains("full"), "{verb}: {reply}");
    }
    // The whole room is there again.
    assert!(client.put("STOR other", &[3; 300_000]).starts_with("226"));
    assert_eq!(client.get("RETR small").0, [1; 100_000]);
    let names: Vec<_> =
        std::fs::read_dir(inside(&server)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    // What is announced and cannot fit is refused before an octet is sent.
    client.expect("ALLO 1000000000", "");
    assert!(client.put("STOR announced", b"").starts_with("452"));
    client.expect("MKD directory", "257");
}

#[test]
fn s34_a_file_that_is_replaced_keeps_its_contents_when_the_disk_is_full() {
    let Some(start) = Start::new().writable().in_namespace() else { return };
    let server = start.after("mount -t tmpfs -o size=512k none \"$ROOT\"").start();
    let mut client = server.anonymous();
    assert!(client.put("STOR file", &[1; 100_000]).starts_with("226"));
    assert!(client.put("STOR file", &[2; 2_000_000]).starts_with("552"));
    assert_eq!(client.get("RETR file").0, [1; 100_000]);
}

#[test]
fn s34_a_read_only_mount_refuses_every_change_and_still_reads() {
    let Some(start) = Start::new().writable().in_namespace() else { return };
    let server = start
        .after("mount -t tmpfs none \"$ROOT\"")
        .after("echo octets >\"$ROOT/file\" && mkdir \"$ROOT/directory\"")
        .after("mount -o remount,ro \"$ROOT\"")
        .start();
    let mut client = server.anonymous();
    for command in [
        "DELE file",
        "MKD new",
        "RMD directory",
        "MFMT 20200101000000 file",
        "SITE CHMOD 600 file",
        "SITE SYMLINK file link",
    ] {
        client.expect(command, "55");
    }
    client.command("RNFR file");
    let reply = client.command("RNTO other");
    assert!(reply.starts_with("55") || reply.starts_with("503"), "{reply}");
    for command in ["STOR file", "STOR new", "APPE file", "STOU"] {
        let reply = client.put(command, b"new");
        assert!(reply.starts_with("55"), "{command}: {reply}");
    }
    assert_eq!(client.get("RETR file").0, b"octets\n");
}

#[test]
fn s34_what_the_system_forbids_is_refused_with_its_reason() {
    let Some(start) = Start::new().writable().by_nobody() else { return };
    let root = start.root();
    for directory in ["read-only", "closed"] {
        std::fs::create_dir(root.join(directory)).unwrap();
        std::fs::write(root.join(directory).join("file"), "octets").unwrap();
    }
    std::fs::write(root.join("secret"), "octets").unwrap();
    mode(&root.join("secret"), 0o600);
    mode(&root.join("closed"), 0o700);
    mode(&root.join("read-only"), 0o555);
    let server = start.start();
    let mut client = server.anonymous();
    for command in [
        "CWD closed",
        "DELE read-only/file",
        "MKD read-only/new",
        "RMD read-only",
        "MFMT 20200101000000 secret",
    ] {
        let reply = client.expect(command, "550");
        assert!(!reply.contains("os error"), "{reply}");
    }
    for command in ["RETR secret", "LIST closed", "MLSD closed", "RETR closed/file"] {
        let reply = client.get_refused(command);
        assert!(reply.starts_with("55") || reply.starts_with("45"), "{command}: {reply}");
    }
    for command in ["STOR read-only/new", "STOR read-only/file", "APPE secret", "STOR closed/file"] {
        let reply = client.put(command, b"new");
        assert!(reply.starts_with("55"), "{command}: {reply}");
    }
    assert_eq!(client.get("RETR read-only/file").0, b"octets");
}

#[test]
fn s34_a_file_that_may_not_grow_is_552_and_the_server_lives() {
    let server = Start::new().writable().after("ulimit -f 200").start();
    let mut client = server.anonymous();
    for verb in ["STOR", "APPE"] {
        let reply = client.put(&format!("{verb} large"), &[1; 1_000_000]);
        assert!(reply.starts_with("552"), "{verb}: {reply}");
    }
    assert!(client.put("STOR small", &[1; 10_000]).starts_with("226"));
    assert!(!server.path("large").exists());
}

#[test]
fn s4_a_fifo_a_socket_and_a_device_are_refused_at_once_by_every_verb() {
    let start = Start::new().writable();
    let root = start.root();
    let made = |path: &str, kind: &str| {
        Command::new("mknod")
            .arg(root.join(path))
            .args(kind.split(' '))
            .status()
            .is_ok_and(|status| status.success())
    };
    assert!(made("fifo", "p"));
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    symlink("fifo", root.join("link")).unwrap();
    let mut names = vec!["fifo", "socket", "link"];
    if made("device", "c 1 5") {
        names.push("device")
    } else {
        skipped("no device can be made here; the rest is run")
    }
    assert!(root.join("fifo").metadata().unwrap().file_type().is_fifo());
    let server = start.start();
    let mut client = server.anonymous();
    for name in names {
        for verb in ["SIZE", "HASH", "MFMT 20200101000000", "SITE CHMOD 600"] {
            client.expect(&format!("{verb} {name}"), "55");
        }
        for verb in ["RETR", "STOR", "APPE"] {
            let reply = client.put(&format!("{verb} {name}"), b"octets");
            assert!(reply.starts_with("55"), "{verb} {name}: {reply}");
        }
    }
    client.expect("DELE fifo", "250");
}

#[test]
fn s37_a_file_that_is_cut_while_it_is_sent_is_an_error_and_no_226() {
    for size in [64 << 20, 200_000] {
        let server = Start::new().start();
        let file = std::fs::File::create(server.path("file")).unwrap();
        file.set_len(size).unwrap();
        let mut client = server.anonymous();
        // Only when there is more than sockets buffer does the cut come in the middle.
        let mut data = client.begin("RETR file");
        file.set_len(1000).unwrap();
        let mut octets = Vec::new();
        let _ = data.read_to_end(&mut octets);
        let reply = client.reply();
        if u64::try_from(octets.len()).unwrap() < size {
            assert!(reply.starts_with("426") || reply.starts_with("451"), "{reply}");
        } else {
            assert!(reply.starts_with("226"), "{reply}");
        }
        client.expect("NOOP", "200");
    }
}

#[test]
fn s33_a_data_connection_that_is_reset_is_426_and_the_session_goes_on() {
    let server = Start::new().writable().start();
    std::fs::File::create(server.path("large")).unwrap().set_len(64 << 20).unwrap();
    let mut client = server.anonymous();
    let mut data = client.begin("RETR large");
    data.read_exact(&mut [0; 1000]).unwrap();
    reset(data);
    let reply = client.reply();
    assert!(reply.starts_with("426"), "{reply}");

    let mut data = client.begin("STOR upload");
    data.write_all(&[0; 1000]).unwrap();
    reset(data);
    let reply = client.reply();
    assert!(reply.starts_with("426"), "{reply}");
    assert!(!server.path("upload").exists());
    client.expect("NOOP", "200");
}

#[test]
fn name_races_end_with_whole_files_and_true_replies() {
    let server = Start::new().writable().start();
    let (mut one, mut two) = (server.anonymous(), server.anonymous());
    // Two uploads to one name: the last that is complete has it, whole.
    let (mut first, mut second) = (one.begin("STOR file"), two.begin("STOR file"));
    first.write_all(&[1; 50_000]).unwrap();
    second.write_all(&[2; 60_000]).unwrap();
    drop(second);
    assert!(two.reply().starts_with("226"));
    drop(first);
    let reply = one.reply();
    assert!(reply.starts_with("226"), "{reply}");
    assert_eq!(std::fs::read(server.path("file")).unwrap(), [1; 50_000]);

    // The directory goes away under an upload.
    one.expect("MKD directory", "257");
    let mut data = one.begin("STOR directory/file");
    data.write_all(b"octets").unwrap();
    std::fs::remove_dir_all(server.path("directory")).unwrap();
    drop(data);
    let reply = one.reply();
    assert!(reply.starts_with('4') || reply.starts_with('5'), "{reply}");

    // A file that is deleted while it is sent is sent to its end.
    std::fs::write(server.path("gone"), vec![7; 30 << 20]).unwrap();
    let mut data = one.begin("RETR gone");
    two.expect("DELE gone", "250");
    let mut octets = Vec::new();
    data.read_to_end(&mut octets).unwrap();
    assert_eq!(octets.len(), 30 << 20);
    assert!(one.reply().starts_with("226"));

    // What was to be renamed is gone.
    one.expect("RNFR file", "350");
    two.expect("DELE file", "250");
    one.expect("RNTO other", "553");
    // A working directory that is gone.
    one.expect("MKD here", "257");
    one.expect("CWD here", "250");
    std::fs::remove_dir(server.path("here")).unwrap();
    assert!(one.get_refused("LIST").starts_with("450"));
    one.expect("CWD /", "250");
}

#[test]
fn a_client_that_reads_nothing_delays_nobody_and_can_abort() {
    let server = Start::new().start();
    std::fs::File::create(server.path("large")).unwrap().set_len(64 << 20).unwrap();
    let mut deaf: Vec<_> = (0..20).map(|_| server.anonymous()).collect();
    let _data: Vec<_> = deaf.iter_mut().map(|client| client.begin("RETR large")).collect();
    let mut other = server.anonymous();
    assert_eq!(other.get("RETR large").0.len(), 64 << 20);
    for client in &mut deaf {
        client.expect("ABOR", "426");
        assert!(client.reply().starts_with("226"));
        client.expect("NOOP", "200");
    }
}

#[test]
fn s23_replies_that_nobody_reads_stop_the_reading_of_commands_and_take_no_memory() {
    const COMMANDS: usize = 10_000;
    let server = Start::new().start();
    let mut client = server.anonymous();
    let before = server.memory("VmRSS");
    let mut writer = client.stream().try_clone().unwrap();
    let flood = std::thread::spawn(move || writer.write_all("HELP\r\n".repeat(COMMANDS).as_bytes()));
    // Another session is served meanwhile.
    let mut other = server.anonymous();
    for _ in 0..100 {
        other.expect("NOOP", "200");
    }
    let grown = server.memory("VmHWM").saturating_sub(before);
    assert!(grown < 8 * 1024, "{grown} kB for one client that does not read");
    for _ in 0..COMMANDS {
        assert!(client.reply().starts_with("214"));
    }
    flood.join().unwrap().unwrap();
    client.expect("NOOP", "200");
}

#[test]
fn a_client_that_vanishes_in_any_state_leaves_nothing_behind() {
    let server = Start::new().writable().start();
    std::fs::File::create(server.path("large")).unwrap().set_len(64 << 20).unwrap();
    let mut watcher = server.anonymous();
    watcher.expect("NOOP", "200");
    let before = server.descriptors();
    type State = fn(&mut Client) -> Vec<TcpStream>;
    let states: [State; 11] = [
        |_| Vec::new(),
        |client| {
            client.expect("USER anonymous", "331");
            Vec::new()
        },
        |client| {
            client.stream().write_all(b"USER ano").unwrap();
            Vec::new()
        },
        |client| {
            client.login("anonymous", "x");
            Vec::new()
        },
        |client| {
            client.login("anonymous", "x");
            client.pasv();
            Vec::new()
        },
        |client| {
            client.login("anonymous", "x");
            vec![TcpStream::connect(client.pasv()).unwrap()]
        },
        |client| {
            client.login("anonymous", "x");
            client.pasv();
            client.send("RETR large");
            Vec::new()
        },
        |client| {
            client.login("anonymous", "x");
            vec![client.begin("RETR large")]
        },
        |client| {
            client.login("anonymous", "x");
            let mut data = client.begin("STOR upload");
            data.write_all(&[0; 100_000]).unwrap();
            vec![data]
        },
        |client| {
            client.login("anonymous", "x");
            client.expect("RNFR large", "350");
            Vec::new()
        },
        |client| {
            client.login("anonymous", "x");
            client.stream().write_all("STAT /\r\n".repeat(1000).as_bytes()).unwrap();
            Vec::new()
        },
    ];
    for state in states {
        for by_reset in [false, true] {
            let mut client = server.connect();
            let data = state(&mut client);
            if by_reset {
                data.into_iter().for_each(reset);
                reset(client.into_stream());
            }
        }
    }
    assert!(
        until(|| server.descriptors() == before),
        "{} descriptors, {before} before",
        server.descriptors()
    );
    watcher.expect("NOOP", "200");
    let left: Vec<_> =
        std::fs::read_dir(&server.root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    // To close the data connection of STOR is to say that the file is complete.
    assert!(left.iter().all(|name| name == "large" || name == "upload"), "{left:?}");
}

#[test]
fn s27_directories_at_the_length_limit_of_paths_have_definite_replies() {
    let server = Start::new().writable().start();
    let mut client = server.anonymous();
    let name = "d".repeat(200);
    let mut made = 0;
    // 4,095 octets are 20 names of 200 with their slashes, and some.
    while client.command(&format!("MKD {name}")).starts_with("257") {
        client.expect(&format!("CWD {name}"), "250");
        made += 1;
    }
    assert_eq!(made, 20);
    client.expect(&format!("MKD {}", "e".repeat(300)), "550");
    let pwd = client.expect("PWD", "257");
    assert!(pwd.len() > 4000);
    client.expect(&format!("MKD {}", "x".repeat(50)), "257");
    assert!(client.put(&format!("STOR {}", "f".repeat(70)), b"octets").starts_with("226"));
    for command in ["LIST", "NLST", "MLSD", "LIST -R"] {
        let (octets, reply) = client.get(command);
        assert!(reply.starts_with("226") && octets.len() > 50, "{command}: {reply}");
    }
    client.expect("STAT .", "21");
    client.expect("MLST", "250");
    client.expect("CWD /", "250");
    let (_, reply) = client.get("LIST -R");
    assert!(reply.starts_with("226"), "{reply}");
}

#[test]
fn a_file_may_be_given_its_permission_back() {
    let Some(start) = Start::new().writable().by_nobody() else { return };
    let server = start.start();
    let mut client = server.anonymous();
    assert!(client.put("STOR file", b"octets").starts_with("226"));
    client.expect("SITE CHMOD 000 file", "200");
    client.expect("MFMT 20200101000000 file", "213");
    client.expect("SITE CHMOD 644 file", "200");
    client.expect("MDTM file", "213 20200101000000");
    assert_eq!(client.get("RETR file").0, b"octets");
}

#[test]
fn half_closed_control_connections_are_served_to_their_end() {
    let server = Start::new().start();
    let mut client = server.anonymous();
    client.send("NOOP");
    client.send("PWD");
    client.stream().shutdown(Shutdown::Write).unwrap();
    assert!(client.reply().starts_with("200"));
    assert!(client.reply().starts_with("257"));
    client.reply();
}
