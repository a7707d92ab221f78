//! The tutorial's first section by hand in the page: authentication set up, relaying refused, then allowed; the log tells of it all.

use crate::support::{PROMPT, Page};

/// Setting up as the tutorial prints it, without an editor.
const SET_UP: &[(&str, &str)] = &[
    ("service saslauthd start", "[  OK  ]"),
    ("chkconfig saslauthd on", "# "),
    ("echo pwcheck_method:saslauthd >> /usr/lib/sasl2/smtpd.conf", "# "),
    ("cat >> /etc/postfix/main.cf", "cat"),
    ("smtpd_sasl_auth_enable=yes", "yes"),
    ("smtpd_sasl_security_options=noanonymous", "noanonymous"),
    ("mynetworks = 127.0.0.1", "127.0.0.1"),
    ("smtpd_recipient_restrictions=", "restrictions="),
    (" permit_mynetworks,", "permit_mynetworks,"),
    (" permit_sasl_authenticated,", "permit_sasl_authenticated,"),
    (" reject_unauth_destination", "reject_unauth_destination"),
];

fn set_up(page: &Page) {
    page.session(SET_UP);
    page.browser.type_at(PROMPT, "\u{e009}d\u{e009}").unwrap_or_else(|e| panic!("{e}"));
    page.types("service postfix reload", "[  OK  ]");
}

#[test]
fn the_first_section_of_the_tutorial() {
    let page = Page::lab();
    set_up(&page);
    page.session(&[("telnet 192.168.1.103 25", "220 mail.linuxidc.com ESMTP Postfix"), ("EHLO mail.linuxidc.com", "250 DSN")]);
    page.shows("terminal", "250-AUTH LOGIN PLAIN");
    page.session(&[
        ("MAIL FROM:redhat@linuxidc.com", "250 2.1.0 Ok"),
        ("RCPT TO:root@linuxidc.com", "250 2.1.5 Ok"),
        ("RCPT TO:redhat@126.com", "554 5.7.1 <redhat@126.com>: Relay access denied"),
    ]);
    // Why? The rule, its file and its line.
    page.click(".why.hot");
    page.shows("why", "reject_unauth_destination");
    let deciding = "const e = document.querySelector('[data-pane=\"why\"] .deciding'); return e && e.innerText";
    let row = page.eval(deciding).as_str().unwrap_or_default().to_string();
    assert!(row.contains("reject_unauth_destination") && row.contains("REJECT") && row.contains("main.cf:"), "{row}");
    page.session(&[
        ("RSET", "250 2.0.0 Ok"),
        ("AUTH LOGIN", "334 VXNlcm5hbWU6"),
        ("cmVkaGF0", "334 UGFzc3dvcmQ6"),
        ("cmVkaGF0", "235 2.7.0 Authentication successful"),
        ("MAIL FROM:redhat@linuxidc.com", "250 2.1.0 Ok"),
        ("RCPT TO:test@126.com", "250 2.1.5 Ok"),
        ("data", "354 End data with <CR><LF>.<CR><LF>"),
        ("Subject:sasl test", "Subject:sasl test"),
        ("sasltest", "sasltest"),
        (".", "250 2.0.0 Ok: queued as "),
        ("quit", "221 2.0.0 Bye"),
        ("postqueue -p", "Mail queue is empty"),
        ("tail -20 /var/log/maillog", "status=bounced (host 126mx01.mxmail.netease.com[220.181.15.141] said: 550 User not found: test@126.com (in reply to RCPT TO command))"),
    ]);
    for line in [
        "connect from mail.linuxidc.com[192.168.1.103]",
        "sasl_method=LOGIN, sasl_username=redhat",
        "from=<redhat@linuxidc.com>",
        "sender non-delivery notification",
        "from=<>",
        "relay=local",
        "removed",
        "disconnect from mail.linuxidc.com[192.168.1.103] ehlo=1 auth=1 mail=2 rcpt=2/3 data=1 rset=1 quit=1 commands=9/10",
    ] {
        page.shows("maillog", line);
    }
    // The bounce lies in the sender's mailbox.
    page.session(&[("tail -3 /var/mail/redhat", "# ")]);
    page.click(".tabs.t2 [role=tab]:nth-child(3)");
    page.shows("mailboxes", "Undelivered Mail Returned to Sender");
    page.is_quiet();
}

#[test]
fn an_interrupt_drops_the_line_and_ends_a_program() {
    let page = Page::lab();
    page.types("sleep 1000", "sleep 1000");
    page.browser.type_at(PROMPT, "\u{e009}c\u{e009}").unwrap_or_else(|e| panic!("{e}"));
    page.shows("terminal", "^C");
    page.types("echo $?", "130");
    page.browser.type_at(PROMPT, "half a line\u{e009}c\u{e009}").unwrap_or_else(|e| panic!("{e}"));
    page.shows("terminal", "half a line^C");
    assert_eq!(page.eval("return document.querySelector('#ti').value"), "");
    page.is_quiet();
}

#[test]
fn the_shell_helps_with_the_line() {
    let page = Page::lab();
    let value = |what: &str| page.wait(what, &format!("return document.querySelector('#ti').value === {what:?}"));
    page.types("echo one", "one");
    page.types("echo two", "two");
    page.browser.type_at(PROMPT, "\u{e013}\u{e013}").unwrap_or_else(|e| panic!("{e}"));
    value("echo one");
    page.browser.type_at(PROMPT, "\u{e015}").unwrap_or_else(|e| panic!("{e}"));
    value("echo two");
    page.browser.type_at(PROMPT, "\u{e009}u\u{e009}cat /etc/postfix/mai\t").unwrap_or_else(|e| panic!("{e}"));
    value("cat /etc/postfix/main.cf ");
    page.browser.type_at(PROMPT, "\u{e009}u\u{e009}one\u{e009}r\u{e009}").unwrap_or_else(|e| panic!("{e}"));
    value("echo one");
    page.is_quiet();
}
