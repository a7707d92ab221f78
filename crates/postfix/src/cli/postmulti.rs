//! postmulti(1): several mail systems on one machine. Only listing the one that there is (`-l`) is simulated.
//! Source: postmulti(1), MULTI_INSTANCE_README.

use super::Getopt;
use machine::{STDOUT, Sys};

/// The program.
pub(crate) async fn main(sys: Sys) -> i32 {
    let mut opts = Getopt::new(&sys);
    let mut list = false;
    while let Some((letter, _)) = opts.next("ae:g:i:G:I:lpRvx") {
        match letter {
            'l' | 'a' | 'v' => list |= letter == 'l',
            letter => {
                sys.unsupported(&format!("-{letter}"));
                return 1;
            }
        }
    }
    if !list {
        sys.unsupported("several instances of Postfix");
        return 1;
    }
    let dir = sys.env("MAIL_CONFIG").unwrap_or("/etc/postfix");
    sys.print(STDOUT, format_args!("{:<15} {:<15} {:<9} {dir}\n", "-", "-", "y"));
    0
}
