//! The tutorial by hand in the page, typed as it is printed, with vim for its files: authentication, aliases and groups, access maps.
//! Where the printed way fails on a real host, it fails here, and is mended as one would there. Not here: other mistakes (`mistakes`).

use crate::support::{PROMPT, Page};

/// What section 1 puts into main.cf, as printed: the last three lines lack the white space that makes them one value.
pub(crate) const MAIN_CF: &str = "Go\
smtpd_sasl_auth_enable=yes\n\
smtpd_sasl_security_options=noanonymous\n\
mynetworks = 127.0.0.1\n\
smtpd_recipient_restrictions=\n\
permit_mynetworks,\n\
permit_sasl_authenticated,\n\
reject_unauth_destination";

/// Section 1 up to the working server.
fn set_up(page: &Page) {
    page.session(&[("service saslauthd start", "Starting saslauthd:"), ("chkconfig saslauthd on", "# ")]);
    page.vim("/usr/lib/sasl2/smtpd.conf", "Gopwcheck_method:saslauthd\x1b:wq\n");
    page.types("cat /usr/lib/sasl2/smtpd.conf", "mech_list: LOGIN PLAIN\npwcheck_method:saslauthd\n");
    page.types("service saslauthd restart", "Starting saslauthd:");
    page.vim("/etc/postfix/main.cf", &format!("{MAIN_CF}\x1b:wq\n"));
}

/// A telnet session at the front terminal: lines, and what must follow each.
fn telnet(page: &Page, to: &str, lines: &[(&str, &str)]) {
    page.types(&format!("telnet {to} 25"), "220 mail.linuxidc.com ESMTP Postfix");
    page.session(lines);
    page.types("quit", "Connection closed by foreign host.");
}

fn says(pane: &str, rows: &[&str]) {
    for row in rows {
        assert!(pane.contains(row), "{row:?} is not in: {pane}");
    }
}

#[test]
fn section_1_authentication() {
    let page = Page::lab();
    set_up(&page);
    // As printed it is no main.cf; the log says which line.
    page.types("service postfix reload", "FAILED");
    page.types(
        "tail -1 /var/log/maillog",
        "fatal: /etc/postfix/main.cf, line 20: missing '=' after attribute name: \"permit_mynetworks,\"",
    );
    page.vim("/etc/postfix/main.cf", ":20,22s/^/ /\n:wq\n");
    page.types("service postfix reload", "OK");
    page.session(&[
        ("telnet 192.168.1.103 25", "Trying 192.168.1.103...\nConnected to 192.168.1.103.\nEscape character is '^]'.\n"),
        ("EHLO mail.linuxidc.com", "250-ETRN\n"),
    ]);
    page.shows("terminal", "250-AUTH LOGIN PLAIN");
    page.session(&[
        ("MAIL FROM:RedHat@linuxidc.com", "250 2.1.0 Ok"),
        ("MAIL FROM:redhat@linuxidc.com", "503 5.5.1 Error: nested MAIL command"),
        ("RCPT TO:root@linuxidc.com", "250 2.1.5 Ok"),
        ("RCPT TO:redhat@126.com", "554 5.7.1 <redhat@126.com>: Relay access denied"),
    ]);
    let why = page.why("terminal", "Relay access denied");
    says(
        &why,
        &[
            "reject_unauth_destination decided",
            "permit_sasl_authenticated main.cf:21 – DUNNO",
            "reject_unauth_destination main.cf:22 ✕ REJECT",
        ],
    );
    page.types("quit", "Connection closed by foreign host.");
    page.session(&[("printf \"redhat\" | openssl base64", "cmVkaGF0"), ("echo -n \"redhat\" |openssl base64", "cmVkaGF0")]);
    page.types("!tel", "telnet 192.168.1.103 25\n");
    page.session(&[
        ("EHLO mail.linuxidc.com", "250-AUTH LOGIN PLAIN"),
        ("AUTH LOGIN", "334 VXNlcm5hbWU6"),
        ("cmVkaGF0", "334 UGFzc3dvcmQ6"),
        ("cmVkaGF0", "235 2.7.0 Authentication successful"),
        ("MAIL FROM:redhat@linuxidc.com", "250 2.1.0 Ok"),
        ("RCPT TO:test@126.com", "250 2.1.5 Ok"),
    ]);
    let why = page.why("terminal", "250 2.1.5 Ok");
    says(&why, &["permit_sasl_authenticated decided", "permit_sasl_authenticated main.cf:21 ✓ PERMIT"]);
    page.session(&[
        ("data", "354 End data with <CR><LF>.<CR><LF>"),
        ("Subject:sasl test", "Subject:sasl test"),
        ("sasltest", "sasltest"),
        (".", "250 2.0.0 Ok: queued as "),
        ("quit", "221 2.0.0 Bye"),
        ("postqueue -p", "Mail queue is empty"),
        ("tail -20 /var/log/maillog", "relay=126mx01.mxmail.netease.com[220.181.15.141]:25"),
    ]);
    for line in [
        "connect from mail.linuxidc.com[192.168.1.103]",
        "client=mail.linuxidc.com[192.168.1.103], sasl_method=LOGIN, sasl_username=redhat",
        "from=<redhat@linuxidc.com>, size=",
        "dsn=5.0.0, status=bounced (host 126mx01.mxmail.netease.com[220.181.15.141] said: 550 User not found: test@126.com (in reply to RCPT TO command))",
        "sender non-delivery notification",
        "from=<>, size=",
        "to=<redhat@linuxidc.com>, relay=local",
        "status=sent (delivered to mailbox)",
        "removed",
        "disconnect from mail.linuxidc.com[192.168.1.103] ehlo=1 auth=1 mail=1 rcpt=1 data=1 quit=1 commands=6",
    ] {
        page.shows("maillog", line);
    }
    // The bounce lies in the sender's mailbox, and is read as the tutorial does.
    page.click(".tabs.t2 [role=tab]:nth-child(3)");
    page.shows("mailboxes", "Undelivered Mail Returned to Sender");
    page.click(".tabs.t2 [role=tab]:nth-child(1)");
    page.types("su - redhat", "[redhat@mail ~]$");
    page.types("mail", "Undelivered Mail Returned");
    page.types("1", "Subject: Undelivered Mail Returned to Sender");
    // Page by page, to the prompt of mail.
    let at = "const end = document.querySelector('.tscr > .tl').innerText.replaceAll('\u{a0}', ' ');
        return /--More--|& $/.test(end) && [...document.querySelectorAll('.tscr .li')].at(-1).dataset.n + end";
    let mut here = page.wait("a page", at);
    while here.as_str().is_some_and(|h| h.contains("--More--")) {
        page.browser.type_at(PROMPT, " ").unwrap_or_else(|e| panic!("{e}"));
        here = page.wait("the next page", &format!("const at = (() => {{ {at} }})(); return at !== {here} && at"));
    }
    page.shows("terminal", "<test@126.com>: host 126mx01.mxmail.netease.com[220.181.15.141] said: 550");
    page.shows("terminal", "Subject:sasl test");
    page.types("q", "[redhat@mail ~]$");
    page.types("exit", "[root@mail ~]#");
    // The statistics of anvil come minutes later: on to the next event until then.
    for _ in 0..40 {
        page.browser.press("\u{e032}n").unwrap_or_else(|e| panic!("{e}"));
        if page.browser.pane("maillog").is_ok_and(|log| log.contains("statistics: max cache size 1 at Aug 11")) {
            break;
        }
    }
    page.shows("maillog", "statistics: max connection rate 2/60s for (smtp:192.168.1.103) at Aug 11");
    page.is_quiet();
}

#[test]
fn section_2_aliases_and_groups() {
    let page = Page::lab();
    page.vim("/etc/aliases", "Goroot: redhat\x1b:wq\n");
    page.session(&[("newaliases", "# "), ("service postfix reload", "OK")]);
    page.types("echo \"TO root\" |mail -s \"to root\" root@linuxidc.com", "# ");
    page.shows("maillog", "to=<redhat@linuxidc.com>, orig_to=<root@linuxidc.com>, relay=local");
    page.types("tail /var/log/maillog", "from=<root@linuxidc.com>, size=");
    says(
        &page.why("maillog", "orig_to=<root@linuxidc.com>"),
        &["hash:/etc/aliases root → redhat aliases:4", "redhat → redhat@linuxidc.com"],
    );
    page.types("su - redhat", "[redhat@mail ~]$");
    page.types("mail", "to root\n");
    page.types("1", "TO root\n");
    page.session(&[("q", "[redhat@mail ~]$"), ("exit", "[root@mail ~]#")]);
    says(&page.why("maillog", "orig_to=<root@linuxidc.com>"), &["decided", "Show log lines of"]);
    // A group of the system is none of the mail system; an alias without newaliases is not there yet.
    page.types("groupadd mygroup", "# ");
    page.vim("/etc/aliases", "Gomygroup: redhat,student,root\x1b:wq\n");
    let unknown = "550 5.1.1 <mygroup@linuxidc.com>: Recipient address rejected: User unknown in local recipient table";
    telnet(&page, "127.0.0.1", &[("HELO mail", "250 "), ("MAIL FROM:<>", "250 2.1.0 Ok"), ("RCPT TO:<mygroup@linuxidc.com>", unknown)]);
    says(
        &page.why("terminal", "User unknown in local recipient table"),
        &[
            "reject_unlisted_recipient built-in default ✕ REJECT",
            "local_recipient_maps mygroup: not found",
            "/etc/aliases is younger than /etc/aliases.db: newaliases was not run since it was changed",
        ],
    );
    page.every_reply_has_a_reason();
    page.session(&[("newaliases", "# "), ("service postfix reload", "OK")]);
    page.types("echo \"to all\" |mail -s \"to group\" mygroup@linuxidc.com", "# ");
    for user in ["student", "redhat"] {
        page.shows("maillog", &format!("to=<{user}@linuxidc.com>, orig_to=<mygroup@linuxidc.com>, relay=local"));
    }
    let why = page.why("maillog", "orig_to=<mygroup@linuxidc.com>");
    says(&why, &["hash:/etc/aliases mygroup → redhat, student, root aliases:5", "mygroup → redhat, student, root"]);
    page.types("su - student", "[student@mail ~]$");
    page.types("mail", "to group\n");
    page.types("x", "[student@mail ~]$");
    page.is_quiet();
}

#[test]
fn section_4_access_maps() {
    let page = Page::lab();
    // One address. The client of the table is the mail host itself, the client beside it may go on.
    page.vim("/etc/postfix/main.cf", "Gosmtpd_client_restrictions =hash:/etc/postfix/access_file\x1b:wq\n");
    page.vim("/etc/postfix/access_file", "i192.168.1.103 REJECT\x1b:wq\n");
    page.session(&[("postmap /etc/postfix/access_file", "# "), ("service postfix reload", "OK")]);
    let mail = [("HELO mail.linuxidc.com", "250 mail.linuxidc.com"), ("MAIL FROM:redhat@linuxidc.com", "250 2.1.0 Ok")];
    let dialogue = |to: &str, reply: &str| {
        page.types(&format!("telnet {to} 25"), "220 mail.linuxidc.com ESMTP Postfix");
        page.session(&mail);
        page.types("RCPT TO:root@linuxidc.com", reply);
        page.types("quit", "Connection closed by foreign host.");
    };
    dialogue("192.168.1.103", "554 5.7.1 <mail.linuxidc.com[192.168.1.103]>: Client host rejected: Access denied");
    let client = ["hash:/etc/postfix/access_file decided", "main.cf:16 ✕ REJECT", "192.168.1.103 → REJECT access_file:1"];
    says(&page.why("terminal", "Client host rejected"), &client);
    page.every_reply_has_a_reason();
    page.terminal(2);
    dialogue("192.168.1.103", "250 2.1.5 Ok");
    let asked = ["hash:/etc/postfix/access_file main.cf:16 – DUNNO", "192.168.1.100: not found", "192: not found"];
    says(&page.why("terminal", "250 2.1.5 Ok"), &asked);
    page.terminal(1);
    page.vim("/etc/postfix/access_file", ":%s/103/100/\nGo1.2.3 REJECT\x1b:wq\n");
    page.session(&[("postmap /etc/postfix/access_file", "# "), ("service postfix reload", "OK")]);
    page.terminal(2);
    dialogue("192.168.1.103", "554 5.7.1 <unknown[192.168.1.100]>: Client host rejected: Access denied");
    says(&page.why("terminal", "unknown[192.168.1.100]"), &["192.168.1.100 → REJECT access_file:1"]);
    // A network, from a host with an address in it.
    page.click("[data-pane=\"terminal\"] .tabs .btn");
    page.eval("[...document.querySelectorAll('[data-pane=\"terminal\"] .chips .btn')].find(b => b.innerText === 'root@roam').click()");
    page.shows("terminal", "[root@roam ~]# ");
    dialogue("-b 1.2.3.4 192.168.1.103", "554 5.7.1 <unknown[1.2.3.4]>: Client host rejected: Access denied");
    says(&page.why("terminal", "unknown[1.2.3.4]"), &["1.2.3.4: not found", "1.2.3 → REJECT access_file:2"]);
    dialogue("-b 1.2.4.4 192.168.1.103", "250 2.1.5 Ok");
    // Senders; `@a.org` matches nothing.
    page.terminal(1);
    page.vim("/etc/postfix/main.cf", ":16d\nosmtpd_sender_restrictions=hash:/etc/postfix/sender_access\x1b:wq\n");
    page.vim("/etc/postfix/sender_access", "iCentOS@linuxidc.com REJECT\n@a.org REJECT\ngentoo@ REJECT\x1b:wq\n");
    page.session(&[("postmap /etc/postfix/sender_access", "# "), ("service postfix reload", "OK")]);
    page.terminal(2);
    let rejected = |address: &str| format!("554 5.7.1 <{address}>: Sender address rejected: Access denied");
    for (sender, line) in [
        ("CentOS@linuxidc.com", Some("centos@linuxidc.com → REJECT sender_access:1")),
        ("bob@a.org", None),
        ("gentoo@anywhere.example", Some("gentoo@ → REJECT sender_access:3")),
    ] {
        let reply = if line.is_some() { rejected(sender) } else { "250 2.1.5 Ok".to_string() };
        let (from, lines) = (format!("MAIL FROM:<{sender}>"), "RCPT TO:<root@linuxidc.com>");
        telnet(&page, "192.168.1.103", &[("HELO client", "250 "), (&from, "250 2.1.0 Ok"), (lines, &reply)]);
        let why = page.why("terminal", &reply);
        match line {
            Some(line) => says(&why, &["smtpd_sender_restrictions", "main.cf:16 ✕ REJECT", line]),
            None => says(&why, &["main.cf:16 – DUNNO", "bob@a.org: not found", "a.org: not found", "bob@: not found"]),
        }
        page.every_reply_has_a_reason();
    }
    // The place is a link: it opens the file with that line chosen.
    page.why("terminal", &rejected("gentoo@anywhere.example"));
    page.eval("[...document.querySelectorAll('[data-pane=\"why\"] .fl')].find(b => b.innerText === 'sender_access:3').click()");
    let chosen = "const e = document.querySelector('#ed'); return e && e.value.slice(e.selectionStart, e.selectionEnd)";
    page.wait("the line in the editor", &format!("return (() => {{ {chosen} }})() === 'gentoo@ REJECT'"));
    page.is_quiet();
}
