//! Random walks: whatever state a session is in, each command is answered with a code of its list in RFC 959 §5.4.

use crate::case::{Case, case};
use crate::talk::{Control, Verdict, check, text};
use crate::world::World;

pub(super) const CASES: &[Case] =
    &[case("959-x4", "in any order of commands, each reply has a code of its command's list", random_walk)];

/// The world's own user and password stand for these.
const USER_LINE: &str = "USER";
const PASS_LINE: &str = "PASS";

/// A command and its codes, those of RFC 959 §5.4 without 500, 501 and 530, which every command may have.
type Step = (&'static str, &'static [u16]);

/// REIN is among them, so that walks go in and out; transfers have no data connection and end in 425. No login is wrong:
/// guesses are limited for each address, and so for all walks together.
const STEPS: &[Step] = &[
    (USER_LINE, &[230, 331, 332]),
    ("USER anonymous", &[230, 331, 332]),
    (PASS_LINE, &[230, 202, 332, 503]),
    ("ACCT x", &[230, 202, 503]),
    ("CWD /", &[250, 502, 550]),
    ("CWD nowhere", &[250, 502, 550]),
    ("CDUP", &[200, 250, 502, 550]),
    ("SMNT x", &[202, 250, 502, 550]),
    ("REIN", &[220, 502]),
    ("PORT 127,0,0,1,200,1", &[200]),
    ("PORT 1,2", &[]),
    ("PASV", &[227, 502]),
    ("EPSV", &[229]),
    ("MODE S", &[200, 504]),
    ("MODE X", &[200, 504]),
    ("TYPE I", &[200, 504]),
    ("TYPE E", &[200, 504]),
    ("STRU F", &[200, 504]),
    ("ALLO 10", &[200, 202, 504]),
    ("REST 5", &[350, 502]),
    // 554: an offset that cannot be used (RFC 3659 §5.4).
    ("RETR nothing", &[450, 550, 425, 503, 554]),
    ("RNFR d", &[350, 450, 550, 502]),
    ("RNTO e", &[250, 532, 553, 502, 503]),
    ("DELE nothing", &[250, 450, 550, 502]),
    ("RMD d", &[250, 502, 550]),
    ("MKD d", &[257, 502, 550]),
    ("PWD", &[257, 502, 550]),
    ("ABOR", &[225, 226, 502]),
    ("SYST", &[215, 502]),
    ("STAT", &[211, 212, 213, 502]),
    ("STAT nothing", &[211, 212, 213, 450, 502, 550]),
    ("HELP", &[211, 214, 502]),
    ("SITE HELP", &[200, 202, 214]),
    ("NOOP", &[200]),
];
const ALWAYS: &[u16] = &[500, 501, 530];

fn random_walk(world: &mut dyn World) -> Verdict {
    // The same walk each time: a failure can be repeated.
    let mut random = 0x959_u64;
    for _ in 0..10 {
        let mut control = Control::greeted(world)?;
        control.cmd_expect(&control.user_line(), &[331])?;
        control.cmd_expect(&control.pass_line(), &[230])?;
        for _ in 0..200 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (line, codes) = STEPS[(random >> 33) as usize % STEPS.len()];
            let reply = match line {
                USER_LINE => control.cmd(&control.user_line()),
                PASS_LINE => control.cmd(&control.pass_line()),
                line => control.cmd(line),
            }?;
            let code = reply.code.get();
            if code == 421 {
                break;
            }
            check(codes.contains(&code) || ALWAYS.contains(&code), || {
                format!("{line}: {code} {}", text(&reply))
            })?;
        }
    }
    Ok(())
}
