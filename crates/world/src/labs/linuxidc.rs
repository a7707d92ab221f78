//! The lab of the tutorial: a mail host as of 2011, a client beside it, the mail server of 126.com far away, names for all.
//! Source: the course's outline, chapter "Labs".

use super::Lab;
use crate::{LabInfo, stage::Stage};
use machine::{HostSpec, SimTime};
use std::net::Ipv4Addr;

pub(super) const LAB: Lab = Lab {
    info: LabInfo {
        name: "linuxidc",
        terminals: &[("mail", "root"), ("client", "root")],
        hosts: &[("mail", &["root", "redhat", "student"]), ("client", &["root"]), ("roam", &["root"])],
    },
    start: SimTime::from_secs(START),
    build,
};

/// Thu 11 Aug 2011 03:50:00 in Shanghai. The machines start half a minute before, and were installed two months before.
const START: u64 = 1_313_005_800;
const OFFSET: i32 = 480;

const REDHAT: &str = "$6$oracle$GKoyJ6eaKaRy9iTqiQxRJMphALBcIxJ1WrrIulWWy8FkZ00Bfl.YsHIIPKUWN62edAdyYOYz2CFurXZCEFQA7.";
const STUDENT: &str = "$6$oracle$vNrrnTkxHj4e0NC/een1DGV9zzNdAKA9C9dwTu5CEQhi1uFZMw2BOYWfoJPe4GOrphh4jq.PrxMG8o0Cpuph.1";

fn build(seed: u64) -> Stage {
    let mut stage = Stage::new(SimTime::from_secs(START - 61 * 86_400), seed);
    let ip = |text: &str| text.parse().unwrap_or(Ipv4Addr::LOCALHOST);
    let mut host = |label: &str, name: &str, addrs: &[(&str, u8)]| {
        let addrs = addrs.iter().map(|(a, len)| (ip(a), *len)).collect();
        stage.host(HostSpec { label: label.into(), name: name.into(), addrs, shares_disk: None, offset: OFFSET })
    };
    let mail = host("mail", "station78", &[("192.168.1.103", 24)]);
    let client = host("client", "client", &[("192.168.1.100", 24)]);
    let roam = host("roam", "roam", &[("192.168.1.101", 24), ("1.2.3.4", 32), ("1.2.4.4", 32), ("10.9.1.1", 32), ("10.9.8.1", 32)]);
    let dns = host("dns", "dns", &[("192.168.1.1", 24)]);
    let netease = host("126mx01", "126mx01", &[("220.181.15.141", 24)]);
    let far = host("far", "mx", &[("198.51.100.25", 24)]);

    for host in [mail, client, roam] {
        stage.file(host, "/etc/resolv.conf", b"nameserver 192.168.1.1\n");
        let bashrc =
            if host == mail { include_str!("../../labs/linuxidc/bash.bashrc") } else { include_str!("../../labs/linuxidc/client.bashrc") };
        stage.file(host, "/etc/bash.bashrc", bashrc.as_bytes());
        stage.file(host, "/etc/hosts", b"127.0.0.1 localhost localhost.localdomain\n192.168.1.103 mail.linuxidc.com mail station78\n");
    }
    stage.user(mail, "redhat", 500, "", REDHAT);
    stage.user(mail, "student", 501, "", STUDENT);
    // Two defaults of 2.x that 3.7 has no longer come last.
    let mut main: String = include_str!("../../labs/common/main.cf").lines().take(13).flat_map(|l| [l, "\n"]).collect();
    main += "mynetworks_style = subnet\nsmtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination\n";
    stage.file(mail, "/etc/postfix/main.cf", main.as_bytes());
    stage.remove(mail, "/etc/postfix/sasl/smtpd.conf");
    stage.file(mail, "/usr/lib/sasl2/smtpd.conf", b"mech_list: LOGIN PLAIN\n");
    stage.file(mail, "/root/.bash_history", b"telnet mail.linuxidc.com 25\n");
    stage.own(mail, "/root/.bash_history", 0, 0, 0o600);

    stage.file(mail, "/etc/aliases.db", include_bytes!("../../labs/linuxidc/aliases.db"));

    stage.name_server(dns, include_str!("../../labs/linuxidc/zone"), true);
    stage.mail_server(netease, "126mx01", include_str!("../../labs/linuxidc/126mx"));
    stage.mail_server(far, "mx", "addr 198.51.100.25\nname mx.far.example\n");
    stage.red_hat(mail, &[("postfix", 80, 30, true), ("rsyslog", 12, 88, true), ("saslauthd", 65, 10, false)]);
    stage.kernel.advance(SimTime::from_secs(START - 30));
    for host in [mail, client, roam] {
        stage.boot(host);
    }
    stage
}
