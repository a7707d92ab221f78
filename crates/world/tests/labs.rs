//! What a lab brings along ready-made is what its own machines would make.

use std::path::Path;
use world::{Input, SimTime, TtyId, World};

/// A table of aliases as if it had been made when the lab was installed.
fn dated(mut db: Vec<u8>) -> Vec<u8> {
    let key = b"YP_LAST_MODIFIED";
    if let Some(at) = db.windows(key.len()).position(|w| w == key) {
        db[at + key.len()..][..10].copy_from_slice(b"1307735400");
    }
    db
}

/// Without it the first boot would run newaliases, and a page would have to fetch it first. `EHLO_BLESS=1` writes it anew.
#[test]
#[allow(clippy::disallowed_methods)]
fn the_aliases_are_compiled() {
    let mut world = World::new("linuxidc", 1).expect("the lab");
    let before = world.file("mail", "/etc/aliases.db");
    let at = world.now().plus_secs(1);
    world.handle(at, Input::Tty { tty: TtyId(0), bytes: b"newaliases\n".to_vec() });
    world.handle(SimTime(at.0 + 5_000_000), Input::Tick);
    let after = dated(world.file("mail", "/etc/aliases.db").expect("what newaliases writes"));
    if std::env::var_os("EHLO_BLESS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("labs/linuxidc/aliases.db");
        std::fs::write(path, &after).expect("a file of this project");
    }
    assert_eq!(before, Some(after), "`cargo xtask bless` writes it anew");
}
