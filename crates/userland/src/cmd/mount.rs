//! mount, umount: what is mounted; hosts have one disk, and nothing can be mounted or taken off.  Source: mount(8) of util-linux 2.38.1.

use crate::{Ex, Spec};
use machine::{STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "mount",
    path: "/usr/bin/mount",
    synopsis: "[-l] [-t TYPE]",
    about: "mount a filesystem",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "mount | head -1", out: "/dev/sda1 on / type ext4 (rw,relatime,errors=remount-ro)\n", code: 0 },
        Ex { sh: "mount /nosuch", out: "mount: /nosuch: can't find in /etc/fstab.\n", code: 1 },
    ],
};

pub(super) const UMOUNT: Spec = Spec {
    name: "umount",
    path: "/usr/bin/umount",
    synopsis: "DIRECTORY",
    about: "unmount filesystems",
    run: |sys| Box::pin(umount(sys)),
    examples: &[Ex { sh: "umount /nosuch", out: "umount: /nosuch: no mount point specified.\n", code: 32 }],
};

/// Device, place, type, options.
const MOUNTS: [(&str, &str, &str, &str); 6] = [
    ("/dev/sda1", "/", "ext4", "rw,relatime,errors=remount-ro"),
    ("proc", "/proc", "proc", "rw,nosuid,nodev,noexec,relatime"),
    ("sysfs", "/sys", "sysfs", "rw,nosuid,nodev,noexec,relatime"),
    ("udev", "/dev", "devtmpfs", "rw,nosuid,relatime,mode=755"),
    ("devpts", "/dev/pts", "devpts", "rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=000"),
    ("tmpfs", "/run", "tmpfs", "rw,nosuid,nodev,noexec,relatime,mode=755"),
];

async fn run(sys: Sys) -> i32 {
    let (mut kind, mut words) = (None, Vec::new());
    let mut args = sys.args().iter().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-t" => kind = args.next(),
            "-l" => {}
            "-V" | "--version" => {
                sys.print(
                    STDOUT,
                    format_args!(
                        "mount from util-linux 2.38.1 (libmount 2.38.1: selinux, smack, btrfs, verity, namespaces, assert, debug)\n"
                    ),
                );
                return 0;
            }
            _ => words.push(arg.clone()),
        }
    }
    match words.as_slice() {
        [] => {
            for (device, place, fs, options) in MOUNTS.iter().filter(|m| kind.is_none_or(|k| k == m.2)) {
                sys.print(STDOUT, format_args!("{device} on {place} type {fs} ({options})\n"));
            }
            0
        }
        [one] if !one.starts_with('-') => {
            sys.print(STDERR, format_args!("mount: {one}: can't find in /etc/fstab.\n"));
            1
        }
        _ => {
            sys.unsupported("mounting");
            1
        }
    }
}

async fn umount(sys: Sys) -> i32 {
    let mut status = 0;
    for place in sys.args().iter().skip(1).filter(|a| !a.starts_with('-')) {
        if !MOUNTS.iter().any(|m| m.1 == place) {
            let what = if sys.stat(place).await.is_ok() { "not mounted" } else { "no mount point specified" };
            sys.print(STDERR, format_args!("umount: {place}: {what}.\n"));
        } else if sys.euid() == 0 {
            sys.print(STDERR, format_args!("umount: {place}: target is busy.\n"));
        } else {
            sys.print(STDERR, format_args!("umount: {place}: must be superuser to unmount.\n"));
        }
        status = 32;
    }
    status
}
