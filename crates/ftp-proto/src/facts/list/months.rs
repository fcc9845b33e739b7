//! Names of months, as `ls` writes them where the server's system is told to speak another language than English.

/// The names that we write.
pub(super) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The number of the month called `name`, 1 to 12. Letter case counts only beyond ASCII; a full stop at the end is
/// ignored. Names that mean different months in different languages are not here.
pub(super) fn from_name(name: &[u8]) -> Option<u8> {
    let name = name.strip_suffix(b".").or_else(|| name.strip_suffix(b",")).unwrap_or(name);
    let called = |names: &&[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
    let index = NAMES.iter().position(called).or_else(|| {
        let called = |names: &&[&[u8]]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
        LATIN1.iter().position(called)
    })?;
    u8::try_from(index + 1).ok()
}

/// English, German, Dutch, French, Spanish, Portuguese, Italian, the Scandinavian languages, Finnish, Polish, Czech,
/// Hungarian, Turkish, Russian: the abbreviations that locales have, and what occurs in full.
const NAMES: [&[&str]; 12] = [
    &[
        "jan",
        "january",
        "januar",
        "janv",
        "janvier",
        "ene",
        "enero",
        "gen",
        "gennaio",
        "tammi",
        "sty",
        "led",
        "oca",
        "янв",
        "января",
    ],
    &[
        "feb",
        "february",
        "februar",
        "févr",
        "fév",
        "fevr",
        "février",
        "fev",
        "febr",
        "helmi",
        "lut",
        "úno",
        "şub",
        "фев",
        "февр",
        "февраля",
    ],
    &[
        "mar",
        "march",
        "mär",
        "märz",
        "mrz",
        "mrt",
        "mars",
        "marzo",
        "março",
        "maalis",
        "bře",
        "márc",
        "мар",
        "марта",
    ],
    &["apr", "april", "avr", "avril", "abr", "abril", "huhti", "kwi", "dub", "ápr", "nis", "апр", "апреля"],
    &["may", "mai", "mei", "maj", "mag", "maggio", "mayo", "maio", "touko", "kvě", "máj", "мая", "май"],
    &[
        "jun", "june", "juni", "juin", "giu", "giugno", "junio", "kesä", "cze", "čen", "čvn", "jún", "haz",
        "июн", "июня",
    ],
    &[
        "jul", "july", "juli", "juil", "juillet", "lug", "luglio", "julio", "heinä", "lip", "čec", "čvc",
        "júl", "tem", "июл", "июля",
    ],
    &["aug", "august", "août", "aoû", "aout", "ago", "agosto", "elo", "sie", "srp", "ağu", "авг", "августа"],
    &[
        "sep",
        "sept",
        "september",
        "septembre",
        "set",
        "settembre",
        "syys",
        "wrz",
        "zář",
        "szept",
        "eyl",
        "сен",
        "сент",
        "сентября",
    ],
    &[
        "oct",
        "october",
        "okt",
        "oktober",
        "octobre",
        "ott",
        "out",
        "outubro",
        "loka",
        "paź",
        "říj",
        "eki",
        "окт",
        "октября",
    ],
    &["nov", "november", "novembre", "marras", "kas", "ноя", "нояб", "ноября"],
    &[
        "dec",
        "december",
        "dez",
        "dezember",
        "déc",
        "décembre",
        "dic",
        "dicembre",
        "des",
        "joulu",
        "gru",
        "pro",
        "ara",
        "дек",
        "декабря",
    ],
];

/// The same in ISO 8859-1, where that differs.
const LATIN1: [&[&[u8]]; 12] = [
    &[],
    &[b"f\xe9vr", b"f\xe9v", b"f\xe9vrier"],
    &[b"m\xe4r", b"m\xe4rz", b"m\xe1rc", b"mar\xe7o"],
    &[b"\xe1pr"],
    &[b"m\xe1j"],
    &[b"kes\xe4", b"j\xfan"],
    &[b"hein\xe4", b"j\xfal"],
    &[b"ao\xfbt", b"ao\xfb"],
    &[],
    &[],
    &[],
    &[b"d\xe9c", b"d\xe9cembre"],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_means_one_month() {
        for (index, names) in NAMES.iter().enumerate() {
            for name in *names {
                assert_eq!(from_name(name.as_bytes()), u8::try_from(index + 1).ok(), "{name}");
            }
        }
        for (index, name) in MONTHS.iter().enumerate() {
            assert_eq!(from_name(name.as_bytes()), u8::try_from(index + 1).ok(), "{name}");
        }
        assert_eq!(from_name(b"D\xe9c."), Some(12));
        assert_eq!(from_name(b"janitor"), None);
        assert_eq!(from_name(b""), None);
    }
}
