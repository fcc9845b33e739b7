//! Listings: entries to lines and back.

#![allow(missing_docs, reason = "criterion's macros make functions without")]

use bytes::{Bytes, BytesMut};
use core::hint::black_box;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ftp_proto::facts::list::{ListingClock, ListingFormat, ListingLimits, ListingReader, write_unix};
use ftp_proto::facts::{Entry, EntryKind, Fact, FactSet, TimeVal, mlst};

const ENTRIES: u64 = 1000;
const NOW: TimeVal = TimeVal::from_seconds(1_719_835_200);

fn entries() -> Vec<Entry> {
    let entry = |nth: u64| Entry {
        name: Bytes::from(format!("a file of number {nth}.txt")),
        kind: if nth.is_multiple_of(10) { EntryKind::Directory } else { EntryKind::File },
        size: Some(nth * 12_345),
        modify: Some(TimeVal::from_seconds(1_700_000_000 + i64::try_from(nth).unwrap_or(0) * 10_000)),
        unix_mode: Some(0o644),
        owner: Some(Bytes::from_static(b"alice")),
        group: Some(Bytes::from_static(b"staff")),
        links: Some(1),
        ..Entry::default()
    };
    (0..ENTRIES).map(entry).collect()
}

fn written(write: impl Fn(&Entry, &mut BytesMut)) -> Vec<u8> {
    let mut out = BytesMut::new();
    entries().iter().for_each(|entry| write(entry, &mut out));
    out.to_vec()
}

fn mlsx(entry: &Entry, out: &mut BytesMut) {
    let facts = FactSet::from_iter([Fact::Type, Fact::Size, Fact::Modify, Fact::UnixMode]);
    assert!(mlst::write_line(entry, facts, out));
}

fn listings(c: &mut Criterion) {
    let mut group = c.benchmark_group("listings");
    group.throughput(Throughput::Elements(ENTRIES));
    let entries = entries();
    let mut out = BytesMut::new();
    group.bench_function("write MLSD", |b| {
        b.iter(|| {
            out.clear();
            entries.iter().for_each(|entry| mlsx(black_box(entry), &mut out));
        });
    });
    group.bench_function("write LIST", |b| {
        b.iter(|| {
            out.clear();
            entries.iter().for_each(|entry| write_unix(black_box(entry), NOW, &mut out));
        });
    });
    let dos = (0..ENTRIES).map(|nth| format!("03-04-24  04:03PM {nth:>20} a file of number {nth}.txt\r\n"));
    let texts = [
        ("read MLSD", ListingFormat::Mlsd, written(mlsx)),
        ("read LIST of Unix", ListingFormat::List, written(|entry, out| write_unix(entry, NOW, out))),
        ("read LIST of Windows", ListingFormat::List, dos.collect::<String>().into_bytes()),
    ];
    for (name, format, text) in texts {
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut reader = ListingReader::new(format, ListingClock::utc(NOW), ListingLimits::default());
                let mut entries = Vec::new();
                reader.push(black_box(&text), &mut entries).expect("within limits");
                reader.finish(&mut entries).expect("within limits");
                assert_eq!(entries.len() as u64, ENTRIES);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, listings);
criterion_main!(benches);
