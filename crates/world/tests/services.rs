//! Services and accounts on hosts of both times: what is typed, what it prints.

use std::net::Ipv4Addr;
use world::machine::{ChildStatus, HostSpec, SimTime};
use world::stage::Stage;

struct Host {
    stage: Stage,
    host: usize,
}

impl Host {
    fn new(prepare: fn(&mut Stage, usize)) -> Host {
        let mut stage = Stage::new(SimTime::from_secs(1_795_490_620), 1);
        let addrs = vec![(Ipv4Addr::new(192, 168, 1, 103), 24)];
        let host = stage.host(HostSpec { label: "mail".into(), name: "station78".into(), addrs, shares_disk: None, offset: 480 });
        stage.user(host, "redhat", 500, "", &hash("redhat"));
        prepare(&mut stage, host);
        stage.boot(host);
        stage.kernel.advance(SimTime::from_secs(1_795_490_650));
        Host { stage, host }
    }
    /// Runs a command as root; gives what it printed and its status.
    fn sh(&mut self, command: &str) -> (String, i32) {
        let status = self.stage.run(self.host, &format!("cd /tmp; {{ {command}\n}} >/tmp/.out 2>&1"));
        let text = self.stage.read(self.host, "/tmp/.out").unwrap_or_default();
        let status = match status {
            Some(ChildStatus::Exited(n)) => n,
            _ => -1,
        };
        (String::from_utf8_lossy(&text).into_owned(), status)
    }
    fn check(&mut self, cases: &[(&str, &str, i32)]) {
        for &(command, text, status) in cases {
            assert_eq!(self.sh(command), (text.to_string(), status), "{command}");
        }
    }
}

fn hash(password: &str) -> String {
    world::stage::crypt(password.as_bytes(), "$6$oracle$").unwrap()
}

/// What is on in the runlevel is there after the machine has been started anew, and what is not is not.
#[test]
fn reboot() {
    let mut host = Host::new(|stage, host| stage.red_hat(host, &[("postfix", 80, 30, true), ("saslauthd", 65, 10, false)]));
    host.check(&[("runlevel; service saslauthd start", "N 3\nStarting saslauthd: [  OK  ]\r\n", 0)]);
    for (switch, running) in [("off", "saslauthd is stopped\n"), ("on", "is running...\n")] {
        host.sh(&format!("chkconfig saslauthd {switch}; reboot; sleep 100"));
        host.stage.kernel.advance(host.stage.kernel.now().plus_secs(60));
        let (text, _) = host.sh("service saslauthd status");
        assert!(text.ends_with(running), "after chkconfig {switch}: {text}");
        let (text, _) = host.sh("service postfix status");
        assert!(text.ends_with("is running...\n"), "{text}");
    }
}

#[test]
fn red_hat() {
    let services = |stage: &mut Stage, host| stage.red_hat(host, &[("postfix", 80, 30, true), ("saslauthd", 65, 10, false)]);
    Host::new(services).check(&[
        ("service saslauthd status", "saslauthd is stopped\n", 3),
        ("service saslauthd start", "Starting saslauthd: [  OK  ]\r\n", 0),
        ("service saslauthd start", "", 0),
        ("testsaslauthd -u redhat -p redhat", "0: OK \"Success.\"\n", 0),
        ("testsaslauthd -u redhat -p wrong", "0: NO \"authentication failed\"\n", 255),
        ("pgrep -c saslauthd", "5\n", 0),
        ("service saslauthd restart", "Stopping saslauthd: [  OK  ]\r\nStarting saslauthd: [  OK  ]\r\n", 0),
        ("service saslauthd stop", "Stopping saslauthd: [  OK  ]\r\n", 0),
        ("service saslauthd stop", "", 0),
        ("service saslauthd reload", "", 7),
        ("pgrep -c saslauthd; echo /run/saslauthd/*", "0\n/run/saslauthd/*\n", 0),
        ("touch /var/lock/subsys/saslauthd; service saslauthd status", "saslauthd dead but subsys locked\n", 2),
        ("logger -p mail.info lost; service rsyslog status", "rsyslogd is stopped\n", 3),
        (
            "service rsyslog start; logger -p mail.info -t x kept; tail -1 /var/log/maillog | cut -d' ' -f5-",
            "Starting system logger: [  OK  ]\r\nx: kept\n",
            0,
        ),
        (
            "service rsyslog restart; kill -9 $(cat /var/run/syslogd.pid); logger -p mail.info lost; service rsyslog status",
            "Shutting down system logger: [  OK  ]\r\nStarting system logger: [  OK  ]\r\nrsyslogd dead but pid file exists\n",
            1,
        ),
        ("grep -c lost /var/log/maillog", "0\n", 1),
        ("service nosuch start", "nosuch: unrecognized service\n", 1),
        ("service postfix", "Usage: /etc/init.d/postfix {start|stop|restart|reload|abort|flush|check|status|condrestart}\n", 1),
        ("chkconfig --list saslauthd", "saslauthd      \t0:off\t1:off\t2:off\t3:off\t4:off\t5:off\t6:off\n", 0),
        ("chkconfig saslauthd on //remark; echo /etc/rc3.d/S*", "/etc/rc3.d/S65saslauthd /etc/rc3.d/S80postfix\n", 0),
        ("chkconfig saslauthd; echo $?; chkconfig --level 3 saslauthd off; chkconfig saslauthd; echo $?", "0\n1\n", 0),
        ("chkconfig --list saslauthd", "saslauthd      \t0:off\t1:off\t2:on\t3:off\t4:on\t5:on\t6:off\n", 0),
        ("chkconfig nosuch on", "error reading information on service nosuch: No such file or directory\n", 1),
        ("useradd wang; tail -1 /etc/passwd", "wang:x:501:501::/home/wang:/bin/bash\n", 0),
        (
            "mkdir -p /etc/postfix; man -f postconf virtual su; man -k 'table format'; man 8 postmap",
            "postconf (1)         - Postfix configuration utility\n\
             postconf (5)         - Postfix configuration parameters\n\
             virtual (5)          - Postfix virtual alias table format\n\
             virtual (8)          - Postfix virtual domain mail delivery agent\n\
             su (1)               - run a command with substitute user and group ID\n\
             canonical (5)        - Postfix canonical table format\n\
             generic (5)          - Postfix generic table format\n\
             relocated (5)        - Postfix relocated table format\n\
             transport (5)        - Postfix transport table format\n\
             virtual (5)          - Postfix virtual alias table format\n\
             No manual entry for postmap in section 8\n",
            16,
        ),
        ("man virtual | sed -n '3,4p;6p'", "NAME\n       virtual - Postfix virtual domain mail delivery agent\nDESCRIPTION\n", 0),
        ("chkconfig functions on", "service functions does not support chkconfig\n", 1),
    ]);
}

#[test]
fn systemd() {
    Host::new(|stage, host| stage.systemd(host, &["saslauthd"])).check(&[
        ("systemctl is-active saslauthd; systemctl is-enabled saslauthd", "active\nenabled\n", 0),
        ("service saslauthd restart; systemctl stop saslauthd; systemctl is-active saslauthd", "inactive\n", 3),
        ("systemctl disable saslauthd", "Removed \"/etc/systemd/system/multi-user.target.wants/saslauthd.service\".\n", 0),
        ("systemctl start nosuch", "Failed to start nosuch.service: Unit nosuch.service not found.\n", 5),
        ("systemctl status nosuch", "Unit nosuch.service could not be found.\n", 4),
        ("systemctl reload saslauthd", "saslauthd.service is not active, cannot reload.\n", 1),
        (
            "echo MECHANISMS=junk >> /etc/default/saslauthd; systemctl start saslauthd",
            "Job for saslauthd.service failed because the control process exited with error code.\n\
             See \"systemctl status saslauthd.service\" and \"journalctl -xeu saslauthd.service\" for details.\n",
            1,
        ),
        ("systemctl is-failed saslauthd", "failed\n", 0),
        (
            "systemctl status saslauthd",
            "× saslauthd.service - SASL Authentication Daemon\n     Loaded: loaded (/lib/systemd/system/saslauthd.service; \
             disabled; preset: enabled)\n     Active: failed (Result: exit-code)\n",
            3,
        ),
    ]);
}

/// Scripts without systemd, as recorded from Debian 12.
#[test]
fn debian() {
    Host::new(|stage, host| stage.debian(host)).check(&[
        ("service saslauthd status", "Checking SASL Authentication Daemon: saslauthd (not running) failed!\n", 3),
        ("service saslauthd start", "To enable saslauthd, edit /etc/default/saslauthd and set START=yes ... (warning).\n", 0),
        ("service saslauthd reload", "Reloading SASL Authentication Daemon: saslauthd (not running).\n", 0),
        ("echo START=yes >> /etc/default/saslauthd; service saslauthd start", "Starting SASL Authentication Daemon: saslauthd.\n", 0),
        ("stat -c '%a %G' /run/saslauthd", "710 sasl\n", 0),
        ("service saslauthd status", "Checking SASL Authentication Daemon: saslauthd (running).\n", 0),
        ("service saslauthd start", "Starting SASL Authentication Daemon: saslauthd (already running).\n", 0),
        (
            "service saslauthd restart",
            "Stopping SASL Authentication Daemon: saslauthd.\nStarting SASL Authentication Daemon: saslauthd.\n",
            0,
        ),
        ("service saslauthd stop", "Stopping SASL Authentication Daemon: saslauthd.\n", 0),
        ("service postfix status", "postfix is not running.\n", 3),
        ("service postfix", "Usage: /etc/init.d/postfix {start|stop|restart|reload|flush|check|abort|force-reload|status}.\n", 1),
        ("service --status-all", " [ - ]  postfix\n [ - ]  saslauthd\n", 0),
        ("ls /etc/rc3.d", "K01saslauthd\nS01postfix\n", 0),
    ]);
}

#[test]
fn accounts() {
    Host::new(|_, _| {}).check(&[
        (
            "useradd -m wang; tail -1 /etc/passwd; tail -1 /etc/shadow",
            "wang:x:1000:1000::/home/wang:/bin/sh\nwang:!:20781:0:99999:7:::\n",
            0,
        ),
        (
            "echo wang:secret | chpasswd; su redhat -c 'su wang -c true < /dev/null'; echo $?",
            "Password: su: Authentication failure\n1\n",
            0,
        ),
        ("usermod -l li -d /home/li -m wang; tail -1 /etc/passwd", "li:x:1000:1000::/home/li:/bin/sh\n", 0),
        ("groupadd -g 5000 x; gpasswd -a li x; tail -1 /etc/group; groupdel x", "Adding user li to group x\nx:x:5000:li\n", 0),
        (
            "userdel -r li; tail -1 /etc/passwd",
            "userdel: li mail spool (/var/mail/li) not found\nredhat:x:500:500::/home/redhat:/bin/bash\n",
            0,
        ),
        ("saslauthd -a pam -n 1 -c -m /run/saslauthd; testsaslauthd -u redhat -p redhat", "0: OK \"Success.\"\n", 0),
        // What was right once stays right while the cache remembers it.
        (
            "echo redhat:other | chpasswd; testsaslauthd -u redhat -p redhat; testsaslauthd -u redhat -p other",
            "0: OK \"Success.\"\n0: OK \"Success.\"\n",
            0,
        ),
    ]);
}
