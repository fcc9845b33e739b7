//! What happens to file octets on their way, beside copying them.

#![allow(missing_docs, reason = "criterion's macros make functions without")]

use bytes::BytesMut;
use core::hint::black_box;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ftp_proto::transform::{Transform, ascii, block, record};

const PIECE: usize = 32 * 1024;

/// Pushes all of `octets` through, in the pieces that the pump has.
fn through(transform: &mut dyn Transform, octets: &[u8], out: &mut BytesMut) {
    let mut rest = octets;
    while !rest.is_empty() {
        out.clear();
        rest = &rest[transform.push(rest, out)..];
        black_box(&out[..]);
    }
    out.clear();
    assert!(transform.finish(out));
}

/// What `transform` makes of `octets`.
fn whole(transform: &mut dyn Transform, octets: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::with_capacity(3 * octets.len() + 64);
    assert_eq!(transform.push(octets, &mut out), octets.len());
    assert!(transform.finish(&mut out));
    out.to_vec()
}

fn transforms(c: &mut Criterion) {
    let file = ftp_benches::text(1 << 20);
    let ascii = whole(&mut ascii::ToNetwork::new(), &file);
    let records = whole(&mut record::ToNetwork::new(), &file);
    let blocks = whole(&mut block::ToNetwork::new(false), &file);
    let cases: [(&str, Box<dyn Transform>, &[u8]); 6] = [
        ("TYPE A to the wire", Box::new(ascii::ToNetwork::new()), &file),
        ("TYPE A from the wire", Box::new(ascii::FromNetwork::new()), &ascii),
        ("STRU R to the wire", Box::new(record::ToNetwork::new()), &file),
        ("STRU R from the wire", Box::new(record::FromNetwork::new()), &records),
        ("MODE B to the wire", Box::new(block::ToNetwork::new(false)), &file),
        ("MODE B from the wire", Box::new(block::FromNetwork::new(false)), &blocks),
    ];
    let mut group = c.benchmark_group("transforms");
    let mut out = BytesMut::with_capacity(PIECE);
    group.throughput(Throughput::Bytes(file.len() as u64));
    group.bench_function("copying", |b| {
        b.iter(|| {
            for piece in file.chunks(PIECE) {
                out.clear();
                out.extend_from_slice(black_box(piece));
            }
        });
    });
    for (name, mut transform, octets) in cases {
        group.throughput(Throughput::Bytes(octets.len() as u64));
        group.bench_function(name, |b| b.iter(|| through(&mut *transform, black_box(octets), &mut out)));
    }
    group.finish();
}

criterion_group!(benches, transforms);
criterion_main!(benches);
