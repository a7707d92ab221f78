//! The commands: one file each, and one name in one of the tables below, each table in the order of the names.
//! To add one: its `mod` line and its name (`cargo xtask new command NAME` does both). A file with more programs than `SPEC` lists
//! the others as `vi::VIEW`. What stands behind a door must not be mentioned elsewhere in resident code, its spec's name and path excepted.

use crate::shell as bash;
use crate::spec::assert_sorted;

mod adduser;
mod awk;
mod base64;
mod basename;
mod bc;
mod cal;
mod cat;
mod chkconfig;
mod chmod;
mod chown;
mod chpasswd;
mod cmp;
mod cp;
mod crontab;
mod cut;
mod date;
mod dd;
mod diff;
mod dig;
mod du;
mod echo;
mod env;
mod explain;
mod expr;
mod r#false;
mod file;
mod find;
mod fold;
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
mod ifconfig;
mod init;
mod install;
mod ip;
mod join;
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
mod md5sum;
mod mkdir;
mod mktemp;
mod more;
mod mount;
mod mv;
mod nc;
mod netstat;
mod nologin;
mod nslookup;
mod od;
mod passwd;
mod pgrep;
mod ping;
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
mod shuf;
mod shutdown;
mod sleep;
mod sort;
mod split;
mod ss;
mod stat;
mod strings;
mod su;
mod sudo;
mod systemctl;
mod tac;
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
mod xargs;

resident! {
    /// Always there: what the kernel starts by itself.
    RESIDENT, RESIDENT_PAGES:
        init
}

chunk! {
    /// Fetched when the first shell starts: the shell and what the machines start with.
    BASE, BASE_PAGES behind base:
        bash::BRACKET
        bash
        id
        rsyslogd
        bash::SH
        telnet
        bash::TEST
        touch
        r#true
}

chunk! {
    /// Fetched at first use or when there is a prompt: the commands of every day.
    COMMON, COMMON_PAGES behind common:
        "bash, the other builtins" bash::LATER,
        cat
        chkconfig
        echo
        r#false
        ls
        nologin
        printf
        pwd
        rm
        service
        sleep
        tail
}

chunk! {
    /// Fetched at first use or when idle: the rarer tools.
    TOOLS, TOOLS_PAGES behind tools:
        man::APROPOS
        uname::ARCH
        ifconfig::ARP
        awk
        base64::BASE32
        base64
        basename
        bc
        mail::BSD_MAILX
        cal
        chown::CHGRP
        chmod
        chown
        md5sum::CKSUM
        mktemp::CLEAR
        cmp
        fold::COLUMN
        tac::COMM
        cp
        crontab
        cut
        date
        dd
        du::DF
        diff
        dig
        basename::DIRNAME
        hostname::DNSDOMAINNAME
        hostname::DOMAINNAME
        du
        grep::EGREP
        env
        fold::EXPAND
        explain
        expr
        grep::FGREP
        file
        find
        fold
        free
        getent
        grep
        id::GROUPS
        head
        od::HEXDUMP
        host
        hostname
        hostnamectl
        ifconfig
        install
        ip
        join
        kill
        killall
        last
        ln
        logger
        id::LOGNAME
        mail
        mail::MAILX
        man
        awk::MAWK
        md5sum
        mkdir
        mktemp
        mount
        mv
        nc
        netstat
        timeout::NICE
        tac::NL
        timeout::NOHUP
        uname::NPROC
        nslookup
        od
        tac::PASTE
        pgrep
        pgrep::PIDOF
        ping
        pgrep::PKILL
        env::PRINTENV
        ps
        readlink
        readlink::REALPATH
        shutdown::REBOOT
        tac::REV
        rmdir
        ifconfig::ROUTE
        last::RUNLEVEL
        sed
        seq
        md5sum::SHA1
        md5sum::SHA256
        md5sum::SHA512
        shuf
        shutdown
        sort
        split
        ss
        stat
        strings
        mktemp::SYNC
        systemctl
        tac
        tee
        timeout
        top
        tr
        mktemp::TRUNCATE
        uname::TTY
        mount::UMOUNT
        uname
        uniq
        update_rc_d
        uptime
        who::USERS
        uptime::W
        wc
        man::WHATIS
        which
        who
        id::WHOAMI
        xargs
        od::XXD
        mktemp::YES
}

chunk! {
    /// Fetched at first use or when idle: accounts, their passwords, and who asks for those.
    ACCOUNTS, ACCOUNTS_PAGES behind accounts:
        adduser::ADDGROUP
        adduser
        chpasswd
        adduser::DELGROUP
        adduser::DELUSER
        gpasswd
        groupadd
        groupadd::GROUPDEL
        groupadd::GROUPMOD
        login
        passwd
        saslauthd
        saslpasswd2::LIST
        saslpasswd2
        su
        sudo
        testsaslauthd
        unix_chkpwd
        useradd
        userdel
        usermod
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

/// What all commands say of themselves.
fn pages() -> impl Iterator<Item = &'static crate::spec::Page> {
    [RESIDENT_PAGES, BASE_PAGES, COMMON_PAGES, ACCOUNTS_PAGES, TOOLS_PAGES, SCREEN_PAGES].into_iter().flatten()
}

/// The examples of all commands, which are their tests.
pub fn examples() -> impl Iterator<Item = (&'static str, &'static crate::Ex)> {
    pages().flat_map(|page| page.examples.iter().map(|ex| (page.name, ex)))
}
