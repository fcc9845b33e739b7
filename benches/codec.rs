//! Octets to commands and replies, and commands to octets.

#![allow(missing_docs, reason = "criterion's macros make functions without")]

use bytes::BytesMut;
use core::hint::black_box;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ftp_proto::command::Command;
use ftp_proto::wire::{CommandView, Encode as _, LineBuffer, LineLimits, ReplyDecoder, ReplyLimits};

const COMMANDS: &[u8] = b"USER alice\r\nPASS secret\r\nFEAT\r\nOPTS MLST type;size;modify;\r\nTYPE I\r\nEPSV\r\n\
    CWD /pub/some directory\r\nMLSD\r\nSIZE a name of a file.tar.gz\r\nMDTM a name of a file.tar.gz\r\nREST 1048576\r\n\
    RETR a name of a file.tar.gz\r\nPORT 192,0,2,1,200,13\r\nEPRT |2|2001:db8::1|51213|\r\nNOOP\r\nQUIT\r\n";

const REPLIES: &[u8] = b"220 FTP server ready.\r\n331 Send the password.\r\n230 Logged in.\r\n211-Features:\r\n AUTH TLS\r\n \
    EPRT\r\n EPSV\r\n MDTM\r\n MLST type*;size*;modify*;perm*;unique*;\r\n REST STREAM\r\n SIZE\r\n TVFS\r\n UTF8\r\n211 End\r\n\
    229 Entering Extended Passive Mode (|||61213|)\r\n150 Opening data connection for RETR (1048576 bytes).\r\n\
    226 Transfer complete.\r\n257 \"/pub/some \"\"directory\"\"\" is the working directory.\r\n221 Goodbye.\r\n";

fn commands() -> Vec<Command> {
    let lines = COMMANDS.split(|&octet| octet == b'\n').filter_map(|line| line.strip_suffix(b"\r"));
    lines.map(|line| Command::parse(&CommandView::parse(line).expect("a line")).expect("a command")).collect()
}

fn parse_commands(c: &mut Criterion) {
    let mut group = c.benchmark_group("commands");
    group.throughput(Throughput::Bytes(COMMANDS.len() as u64));
    let limits = LineLimits { max_line: 8192, max_buffered: 16384 };
    group.bench_function("lines", |b| {
        let mut buffer = LineBuffer::new(limits);
        b.iter(|| {
            assert_eq!(buffer.push(black_box(COMMANDS)), COMMANDS.len());
            while let Some(line) = buffer.next_line() {
                black_box(line).expect("a line");
            }
        });
    });
    group.bench_function("parse", |b| {
        let mut buffer = LineBuffer::new(limits);
        b.iter(|| {
            assert_eq!(buffer.push(black_box(COMMANDS)), COMMANDS.len());
            while let Some(line) = buffer.next_line() {
                let line = line.expect("a line");
                let view = CommandView::parse(line.as_bytes()).expect("a verb");
                black_box(Command::parse(&view)).expect("a command");
            }
        });
    });
    group.bench_function("encode", |b| {
        let commands = commands();
        let mut out = BytesMut::new();
        b.iter(|| {
            out.clear();
            for command in &commands {
                command.encode(&mut out);
            }
            black_box(out.len())
        });
    });
    group.finish();
}

fn decode_replies(c: &mut Criterion) {
    let mut group = c.benchmark_group("replies");
    group.throughput(Throughput::Bytes(REPLIES.len() as u64));
    group.bench_function("decode", |b| {
        let mut decoder = ReplyDecoder::new(ReplyLimits::default());
        b.iter(|| {
            let mut rest = black_box(REPLIES);
            loop {
                rest = &rest[decoder.push(rest)..];
                match decoder.next_reply() {
                    Some(reply) => drop(black_box(reply).expect("a reply")),
                    None => break,
                }
            }
            assert!(rest.is_empty());
        });
    });
    group.finish();
}

criterion_group!(benches, parse_commands, decode_replies);
criterion_main!(benches);
