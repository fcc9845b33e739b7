//! Search for a few octets at the speed of the machine, without `unsafe` and without a dependency.

/// How many octets are looked at together. The inner loop has no early exit, so that the compiler makes vector
/// instructions of it.
const BLOCK: usize = 32;

/// Where the first octet of `set` is.
pub(super) fn find_any<const N: usize>(octets: &[u8], set: [u8; N]) -> Option<usize> {
    let is_in_set = |octet: u8| set.iter().fold(false, |found, &wanted| found | (octet == wanted));
    let blocks = octets.chunks_exact(BLOCK);
    let rest_at = octets.len() - blocks.remainder().len();
    let from = blocks
        .enumerate()
        .find(|(_, block)| block.iter().fold(false, |found, &octet| found | is_in_set(octet)))
        .map_or(rest_at, |(number, _)| number * BLOCK);
    octets[from..].iter().position(|&octet| is_in_set(octet)).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::find_any;
    use alloc::vec;

    #[test]
    fn the_first_of_the_set_is_found_at_every_position() {
        for length in 0..100 {
            let mut octets = vec![b'x'; length];
            assert_eq!(find_any(&octets, [b'\n', 0xFF]), None);
            for at in (0..length).rev() {
                octets[at] = if at % 2 == 0 { b'\n' } else { 0xFF };
                assert_eq!(find_any(&octets, [b'\n', 0xFF]), Some(at));
            }
        }
    }
}
