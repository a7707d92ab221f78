//! Building and driving a kernel from outside: hosts, their disks, first processes, terminals, typed input. For `world` and tests.

use super::{Host, Kernel, exec::MAGIC, tty::Tty};
use crate::vfs::{Dev, Vfs};
use crate::{EditLine, Errno, Ids, Iface, Pid, ProcInfo, Program, Sysret, Termios};
use std::net::Ipv4Addr;

/// What a new host is like.
pub struct HostSpec {
    /// Its name in the lab.
    pub label: String,
    /// Its node name.
    pub name: String,
    /// Its addresses and prefix lengths on the network, the main one first.
    pub addrs: Vec<(Ipv4Addr, u8)>,
    /// Share the disk of this host (by number) instead of having one.
    pub shares_disk: Option<usize>,
    /// Minutes east of UTC.
    pub offset: i32,
}

/// The content of a program's file.
pub fn program_file(name: &str) -> Vec<u8> {
    [MAGIC, name.as_bytes()].concat()
}

/// What a front end needs to know of a terminal.
pub struct TtyState<'a> {
    /// Its host's number.
    pub host: usize,
    /// Who logged in.
    pub user: &'a str,
    /// Its modes.
    pub modes: Termios,
    /// Columns and rows.
    pub size: (u16, u16),
    /// A shell waits at its prompt.
    pub edit: Option<&'a EditLine>,
    /// Working directory of the foreground process.
    pub cwd: String,
    /// Name of the foreground program.
    pub program: String,
    /// The session has ended.
    pub closed: bool,
}

impl Kernel {
    /// Adds a host and gives its number. Its disk has the devices and the files of all programs.
    pub fn add_host(&mut self, spec: HostSpec) -> usize {
        let now = self.now;
        let fs = match spec.shares_disk.and_then(|h| self.hosts.get(h)) {
            Some(host) => host.fs,
            None => {
                self.disks.push(Vfs::new(now));
                let fs = self.disks.len() - 1;
                let programs = self.programs.clone();
                base_disk(&mut self.disks[fs], &programs, now);
                fs
            }
        };
        let iface = |name: &str, addrs, mac, mtu| Iface {
            name: name.into(),
            addrs,
            mac,
            up: true,
            mtu,
            rx_packets: 0,
            rx_bytes: 0,
            tx_packets: 0,
            tx_bytes: 0,
        };
        let n = self.hosts.len() as u8;
        // The first host's card is a virtual machine's, the others are of its maker, too.
        let mac = if n == 0 { [0, 0x0c, 0x29, 0x7e, 0x4b, 0x67] } else { [0, 0x50, 0x56, 0xc0, 0, 7 + n] };
        let mut ifaces = vec![iface("lo", vec![(Ipv4Addr::LOCALHOST, 8)], [0; 6], 65536)];
        if !spec.addrs.is_empty() {
            ifaces.push(iface("eth0", spec.addrs, mac, 1500));
        }
        self.hosts.push(Host {
            label: spec.label,
            name: spec.name,
            fs,
            ifaces,
            next_pid: 1,
            next_port: 32768 + u16::from(n) * 512,
            offset: spec.offset,
            skew: 0,
            silent: Vec::new(),
            neighbours: Vec::new(),
        });
        self.hosts.len() - 1
    }
    /// The number of the host with this lab name.
    pub fn host(&self, label: &str) -> Option<usize> {
        self.hosts.iter().position(|h| h.label == label)
    }
    /// Lab name of a host.
    pub fn host_label(&self, host: usize) -> &str {
        self.hosts.get(host).map_or("", |h| h.label.as_str())
    }
    /// Minutes east of UTC of a host's clock.
    pub fn offset(&self, host: usize) -> i32 {
        self.hosts.get(host).map_or(0, |h| h.offset)
    }
    /// Whether a host has this address.
    pub fn has_addr(&self, host: usize, ip: Ipv4Addr) -> bool {
        self.hosts.get(host).is_some_and(|h| h.ifaces.iter().any(|i| i.addrs.iter().any(|(a, _)| *a == ip)))
    }
    /// More addresses for a host.
    pub fn add_addr(&mut self, host: usize, ip: Ipv4Addr, len: u8) {
        if let Some(iface) = self.hosts.get_mut(host).and_then(|h| h.ifaces.iter_mut().find(|i| i.name == "eth0"))
            && !iface.addrs.iter().any(|(a, _)| *a == ip)
        {
            iface.addrs.push((ip, len));
        }
    }
    /// Packets from `host` to `ip` are swallowed.
    pub fn silence(&mut self, host: usize, ip: Ipv4Addr) {
        if let Some(h) = self.hosts.get_mut(host) {
            h.silent.push(ip);
        }
    }
    /// A host's disk.
    pub fn disk(&self, host: usize) -> Option<&Vfs> {
        self.disks.get(self.hosts.get(host)?.fs)
    }
    /// A host's disk, to change.
    pub fn disk_mut(&mut self, host: usize) -> Option<&mut Vfs> {
        let fs = self.hosts.get(host)?.fs;
        self.disks.get_mut(fs)
    }
    /// Puts a file on a host's disk now, and wakes who watches it.
    pub fn put_file(&mut self, host: usize, path: &str, bytes: &[u8]) -> Sysret<()> {
        let now = self.now;
        let fs = self.hosts.get(host).ok_or(Errno::EINVAL)?.fs;
        self.disks[fs].put_file(path, bytes, now)?;
        let ino = self.disks[fs].find(crate::vfs::ROOT, path, &Ids::ROOT, true)?;
        self.wake(super::Key::File(fs, ino));
        Ok(())
    }

    /// Starts a process without parent or terminal; its descriptors are /dev/null. It runs at the next [`Kernel::advance`].
    pub fn start(&mut self, host: usize, path: &str, argv: &[&str], env: &[String], ids: Ids, cwd: &str) -> Sysret<Pid> {
        let argv = argv.iter().map(|a| a.to_string()).collect();
        let pix = self.born(host, path, argv, env, ids, cwd, None, None)?;
        let null = self.open_file(super::fd::Obj::Dev(Dev::Null), true, true, false);
        for _ in 0..3 {
            self.give_fd(pix, null, 0)?;
        }
        Ok(self.proc(pix)?.pid)
    }

    /// Opens a terminal on which a program runs as the leader of a session. Gives the terminal's number.
    #[allow(clippy::too_many_arguments)]
    pub fn open_tty(&mut self, host: usize, user: &str, path: &str, argv: &[&str], env: &[String], ids: Ids, cwd: &str) -> Sysret<u32> {
        let n = self.ttys.len() as u32;
        let argv = argv.iter().map(|a| a.to_string()).collect();
        let init = self.pix_of(host, 1);
        let (now, uid) = (self.now, ids.uid);
        let pix = self.born(host, path, argv, env, ids, cwd, Some(n), init)?;
        self.ttys.push(Tty::new(host, user.into()));
        let fs = self.hosts.get(host).ok_or(Errno::EINVAL)?.fs;
        let name = format!("/dev/pts/{n}");
        self.disks[fs].make_dir("/dev/pts", now)?;
        self.disks[fs].put_dev(&name, Dev::Pts(n), now)?;
        self.disks[fs].own(&name, uid, 5, 0o620)?;
        let file = self.open_file(super::fd::Obj::Tty(n), true, true, false);
        for _ in 0..3 {
            self.give_fd(pix, file, 0)?;
        }
        let pid = self.proc(pix)?.pid;
        let tty = &mut self.ttys[n as usize];
        (tty.session, tty.foreground) = (pid, pid);
        self.tty_changed(n);
        Ok(n)
    }
    /// Typed bytes; what each causes happens before the next, so that it does not matter how they are cut. How many were taken: where a
    /// program waits for its code, the rest has to wait too.
    pub fn type_bytes(&mut self, tty: u32, bytes: &[u8]) -> usize {
        for (i, byte) in bytes.iter().enumerate() {
            if self.stalled().is_some() {
                return i;
            }
            self.tty_input(tty, std::slice::from_ref(byte));
            self.advance(self.now);
        }
        bytes.len()
    }
    /// A process that nobody forked. If its code is not there, everything waits for it (EAGAIN): try again then.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn born(
        &mut self,
        host: usize,
        path: &str,
        argv: Vec<String>,
        env: &[String],
        ids: Ids,
        cwd: &str,
        tty: Option<u32>,
        parent: Option<super::Pix>,
    ) -> Sysret<super::Pix> {
        match self.birth(host, path, argv, env.to_vec(), ids, cwd, tty, parent) {
            Ok(pix) => Ok(pix),
            Err(super::exec::ImageError::Errno(e)) => Err(e),
            Err(super::exec::ImageError::Stall(chunk)) => {
                self.stall(chunk);
                Err(Errno::EAGAIN)
            }
        }
    }
    /// Gives a terminal bytes in one piece: what a program that reads them writes to the network leaves in one segment.
    pub fn feed(&mut self, tty: u32, bytes: &[u8]) {
        self.tty_input(tty, bytes);
        self.run();
    }
    /// The window has another size.
    pub fn resize(&mut self, tty: u32, cols: u16, rows: u16) {
        let Some(t) = self.ttys.get_mut(tty as usize) else { return };
        if t.size == (cols, rows) {
            return;
        }
        t.size = (cols, rows);
        let (host, group) = (t.host, t.foreground);
        self.signal_target(host, crate::KillTarget::Group(group), crate::Signal::Winch);
        self.tty_changed(tty);
        self.run();
    }
    /// Hangs a terminal up.
    pub fn hang_up(&mut self, tty: u32) {
        self.tty_hang_up(tty);
        self.run();
    }
    /// State of a terminal.
    pub fn tty(&self, tty: u32) -> Option<TtyState<'_>> {
        let t = self.ttys.get(tty as usize)?;
        let in_front = |p: &&super::proc::Proc| p.tty == Some(tty) && p.pgrp == t.foreground && p.status.is_none();
        let front = self.procs.iter().flatten().filter(in_front).max_by_key(|p| p.pid);
        let disk = &self.disks[self.hosts[t.host].fs];
        Some(TtyState {
            host: t.host,
            user: &t.user,
            modes: t.modes,
            size: t.size,
            edit: t.edit.as_ref(),
            cwd: front.and_then(|p| disk.path_of(p.cwd).ok()).unwrap_or_default(),
            program: front.map(|p| p.name().trim_start_matches('-').to_string()).unwrap_or_default(),
            closed: t.hung_up,
        })
    }
    /// The processes of a host.
    pub fn processes(&self, host: usize) -> Vec<ProcInfo> {
        self.proc_rows(host)
    }
    /// Whether a process has not ended.
    pub fn alive(&self, host: usize, pid: Pid) -> bool {
        self.pix_of(host, pid).is_some_and(|p| self.procs[p].as_ref().is_some_and(|p| p.status.is_none()))
    }
}

/// Devices, temporary directories and the programs' files.
fn base_disk(disk: &mut Vfs, programs: &[&'static [Program]], now: crate::SimTime) {
    // Everything is built from constants that are right: errors cannot happen, and none would matter more than a missing file.
    for dir in ["/dev", "/dev/pts", "/usr/bin", "/usr/sbin", "/usr/lib", "/tmp", "/var/tmp", "/run", "/etc", "/root", "/home", "/proc"] {
        let _ = disk.make_dir(dir, now);
    }
    for (path, target) in [("/bin", "usr/bin"), ("/sbin", "usr/sbin"), ("/lib", "usr/lib"), ("/var/run", "/run")] {
        let _ = disk.put_link(path, target, now);
    }
    let _ = disk.own("/tmp", 0, 0, 0o1777);
    let _ = disk.own("/var/tmp", 0, 0, 0o1777);
    let _ = disk.own("/root", 0, 0, 0o700);
    for (path, dev) in [
        ("/dev/null", Dev::Null),
        ("/dev/zero", Dev::Zero),
        ("/dev/full", Dev::Full),
        ("/dev/random", Dev::Random),
        ("/dev/urandom", Dev::Random),
        ("/dev/tty", Dev::Tty),
    ] {
        let _ = disk.put_dev(path, dev, now);
    }
    for program in programs.iter().flat_map(|t| t.iter()).filter(|p| !p.path.is_empty()) {
        let _ = disk.put_file(program.path, &program_file(program.name), now);
        let _ = disk.own(program.path, 0, 0, 0o755);
    }
}
