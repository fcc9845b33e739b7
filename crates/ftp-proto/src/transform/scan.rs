//! Finding and counting octets, in a form that compilers turn into vector instructions.

/// Octets looked at in one step: a few vector registers.
const STEP: usize = 64;

/// Where `octet` is first.
pub(super) fn find(octets: &[u8], octet: u8) -> Option<usize> {
    let in_step = |step: &[u8]| step.iter().fold(false, |found, &other| found | (other == octet));
    let nth = octets.chunks(STEP).position(in_step)?;
    let start = nth * STEP;
    let within = octets.get(start..)?.iter().position(|&other| other == octet)?;
    Some(start + within)
}

/// How many line feeds there are that no carriage return precedes; `after_cr` tells what was before the first octet.
pub(super) fn count_bare_line_feeds(octets: &[u8], after_cr: bool) -> u64 {
    let first = octets.first() == Some(&b'\n') && !after_cr;
    let later = octets.iter().skip(1).zip(octets);
    let count = later.filter(|&(&octet, &before)| octet == b'\n' && before != b'\r').count();
    count as u64 + u64::from(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn the_first_is_found_wherever_it_is() {
        for length in [0, 1, STEP - 1, STEP, STEP + 1, 3 * STEP + 5] {
            let mut octets = vec![b'x'; length];
            assert_eq!(find(&octets, b'\n'), None);
            for at in (0..length).rev() {
                octets[at] = b'\n';
                assert_eq!(find(&octets, b'\n'), Some(at));
            }
        }
    }
}
