//! The exit codes, in one table; `--help` and the README show it.

use std::process::ExitCode;

macro_rules! codes {
    ($($variant:ident = $number:literal $text:literal;)*) => {
        /// How a run ended.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Exit {
            $(#[doc = $text] $variant = $number,)*
        }

        impl Exit {
            /// Every code, in ascending order.
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// What it means, in one line.
            #[cfg(test)]
            pub(crate) const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The word that `--json` uses for it.
            #[must_use]
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)* }
            }
        }

        /// The table for `--help`.
        pub(crate) const TABLE: &str = concat!("Exit codes:\n", $("  ", $number, "\t", $text, "\n",)*);
    };
}

codes! {
    Ok = 0 "done";
    Local = 1 "an error on this machine: a file, the disk, the terminal";
    Usage = 2 "the command line is wrong";
    Refused = 3 "the server refused the login or the permission";
    NotFound = 4 "there is no such file or directory on the server";
    Network = 5 "the network: cannot connect, timed out, connection lost, no data connection";
    Protocol = 6 "the server broke the protocol or sent less than it announced";
    Partial = 7 "some of several entries were skipped or failed; the others are done";
    Failed = 8 "the server could not do it: not supported, no space, an error of its own";
    Changed = 9 "the file is not the one that was begun: it cannot be resumed";
    Tls = 10 "TLS: the server has none, or its certificate is not believed";
    Interrupted = 130 "interrupted";
}

impl Exit {
    /// The number.
    #[must_use]
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.number().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_ascending_and_all_in_the_table() {
        assert!(Exit::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        for code in Exit::ALL {
            assert!(TABLE.contains(&format!("  {}\t{}\n", code.number(), code.text())), "{code:?}");
        }
    }

    #[test]
    fn the_readme_has_the_same_table() {
        let readme = include_str!("../README.md");
        for code in Exit::ALL {
            assert!(readme.contains(&format!("| {} | {} |", code.number(), code.text())), "{code:?}");
        }
    }
}
