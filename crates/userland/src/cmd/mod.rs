//! The commands: one file each, and one name in one of the tables below, each table in the order of the names.
//! To add one: its `mod` line and its name (`cargo xtask new command NAME` does both). A file with more programs than `SPEC` lists
//! the others as `vi::VIEW`. What stands behind a door must not be mentioned elsewhere in resident code, its spec's name and path excepted.

use crate::shell as bash;
use crate::spec::assert_sorted;

mod adduser;
mod basename;
mod cat;
mod chkconfig;
mod chmod;
mod chown;
mod chpasswd;
mod cp;
mod crontab;
mod cut;
mod date;
mod dig;
mod echo;
mod env;
mod explain;
mod r#false;
mod free;
mod getent;
mod gpasswd;
mod grep;
mod groupadd;
mod head;
mod host;
mod hostname;
mod hostnamectl;
mod id;
mod init;
mod kill;
mod killall;
mod last;
mod less;
mod ln;
mod logger;
mod login;
mod ls;
mod mail;
mod man;
mod mkdir;
mod more;
mod mount;
mod mv;
mod nologin;
mod nslookup;
mod passwd;
mod pgrep;
mod printf;
mod ps;
mod pwd;
mod readlink;
mod rm;
mod rmdir;
mod rsyslogd;
mod saslauthd;
mod saslpasswd2;
mod sed;
mod seq;
mod service;
mod shutdown;
mod sleep;
mod sort;
mod stat;
mod su;
mod sudo;
mod systemctl;
mod tail;
mod tee;
mod telnet;
mod testsaslauthd;
mod timeout;
mod top;
mod touch;
mod tr;
mod r#true;
mod uname;
mod uniq;
mod unix_chkpwd;
mod update_rc_d;
mod uptime;
mod useradd;
mod userdel;
mod usermod;
mod vi;
mod wc;
mod which;
mod who;

resident! {
    /// Always there: what the kernel starts by itself.
    RESIDENT, RESIDENT_PAGES:
        init
}

chunk! {
    /// Fetched when the first shell starts: the shell and what the first session needs.
    BASE, BASE_PAGES behind base:
        basename
        bash
        cat
        chown::CHGRP
        chkconfig
        chmod
        chown
        cp
        cut
        date
        basename::DIRNAME
        echo
        grep::EGREP
        env
        r#false
        grep::FGREP
        grep
        head
        id
        ln
        ls
        mkdir
        mv
        nologin
        printf
        pwd
        rm
        rmdir
        rsyslogd
        saslauthd
        sed
        seq
        service
        bash::SH
        sleep
        sort
        stat
        su
        tail
        tee
        telnet
        touch
        tr
        r#true
        uniq
        wc
        which
}

chunk! {
    /// Fetched at first use or when idle: the rarer tools.
    TOOLS, TOOLS_PAGES behind tools:
        adduser::ADDGROUP
        adduser
        man::APROPOS
        uname::ARCH
        mail::BSD_MAILX
        chpasswd
        crontab
        adduser::DELGROUP
        adduser::DELUSER
        dig
        hostname::DNSDOMAINNAME
        hostname::DOMAINNAME
        explain
        free
        getent
        gpasswd
        groupadd
        groupadd::GROUPDEL
        groupadd::GROUPMOD
        id::GROUPS
        host
        hostname
        hostnamectl
        kill
        killall
        last
        logger
        login
        id::LOGNAME
        mail
        mail::MAILX
        man
        mount
        timeout::NICE
        timeout::NOHUP
        uname::NPROC
        nslookup
        passwd
        pgrep
        pgrep::PIDOF
        pgrep::PKILL
        env::PRINTENV
        ps
        readlink
        readlink::REALPATH
        shutdown::REBOOT
        last::RUNLEVEL
        saslpasswd2::LIST
        saslpasswd2
        shutdown
        sudo
        systemctl
        testsaslauthd
        timeout
        top
        uname::TTY
        mount::UMOUNT
        uname
        unix_chkpwd
        update_rc_d
        uptime
        useradd
        userdel
        usermod
        who::USERS
        uptime::W
        man::WHATIS
        who
        id::WHOAMI
}

chunk! {
    /// Fetched at first use or when idle: the full-screen programs.
    SCREEN, SCREEN_PAGES behind screen:
        less
        more
        vi
        vi::VIEW
        vi::VIM
}

/// The examples of all commands, which are their tests.
pub fn examples() -> impl Iterator<Item = (&'static str, &'static crate::Ex)> {
    let pages = [RESIDENT_PAGES, BASE_PAGES, TOOLS_PAGES, SCREEN_PAGES].into_iter().flatten();
    pages.flat_map(|page| page.examples.iter().map(|ex| (page.name, ex)))
}
