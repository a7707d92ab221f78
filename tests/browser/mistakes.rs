//! The tutorial with mistakes left in: the page answers as a real host does, and its reasons lead to the mistake.
//! Not here: what goes well (`tutorial`).

use crate::support::{PROMPT, Page};
use crate::tutorial::MAIN_CF;

const EHLO: &[(&str, &str)] = &[("telnet 192.168.1.103 25", "220 mail"), ("EHLO mail.linuxidc.com", "250 DSN")];

fn offers_auth(page: &Page) -> bool {
    page.session(EHLO);
    let last = page.browser.pane("terminal").unwrap_or_else(|e| panic!("{e}"));
    let greeting = last.rfind("220 mail").unwrap_or(0);
    page.types("quit", "Connection closed by foreign host.");
    last[greeting..].contains("250-AUTH LOGIN PLAIN")
}

#[test]
fn a_file_not_saved_and_a_daemon_not_reloaded() {
    let page = Page::lab();
    let lines = format!("{MAIN_CF}\x1b");
    // Not saved: vim asks, and `:q!` drops it.
    page.browser.type_at(PROMPT, "vim /etc/postfix/main.cf\n").unwrap_or_else(|e| panic!("{e}"));
    page.wait("vim", "return document.querySelector('[data-pane=\"terminal\"] .grid') !== null");
    page.browser.type_at(PROMPT, &format!("{lines}:q\n")).unwrap_or_else(|e| panic!("{e}"));
    page.shows("terminal", "E37: No write since last change (add ! to override)");
    page.browser.type_at(PROMPT, ":q!\n").unwrap_or_else(|e| panic!("{e}"));
    page.types("wc -l /etc/postfix/main.cf", "15 /etc/postfix/main.cf");
    page.types("service postfix reload", "OK");
    assert!(!offers_auth(&page), "AUTH is offered though nothing was saved");
    // Saved, but an smtpd that runs has read the file before.
    page.vim("/etc/postfix/main.cf", &format!("{lines}:20,22s/^/ /\n:wq\n"));
    assert!(!offers_auth(&page), "AUTH is offered before a reload");
    page.types("service postfix reload", "OK");
    assert!(offers_auth(&page), "AUTH is not offered after a reload");
    page.is_quiet();
}

#[test]
fn a_daemon_not_started_a_wrong_password_and_plain_text() {
    let page = Page::lab();
    page.vim("/usr/lib/sasl2/smtpd.conf", "Gopwcheck_method:saslauthd\x1b:wq\n");
    page.vim("/etc/postfix/main.cf", &format!("{MAIN_CF}\x1b:20,22s/^/ /\n:wq\n"));
    page.types("service postfix reload", "OK");
    page.session(EHLO);
    let login = |name: &str, password: &str, reply: &str| {
        page.types("AUTH LOGIN", "334 VXNlcm5hbWU6");
        if password.is_empty() {
            return page.types(name, reply);
        }
        page.types(name, "334 UGFzc3dvcmQ6");
        page.types(password, reply);
    };
    login("cmVkaGF0", "cmVkaGF0", "454 4.7.0 Temporary authentication failure: generic failure");
    page.shows("maillog", "warning: SASL authentication failure: cannot connect to saslauthd server: No such file or directory");
    let why = page.why("terminal", "454 4.7.0");
    assert!(why.contains("saslauthd"), "{why}");
    page.types("quit", "Connection closed by foreign host.");
    page.types("service saslauthd start", "Starting saslauthd:");
    page.session(EHLO);
    login("cmVkaGF0", "d3Jvbmc=", "535 5.7.8 Error: authentication failed: authentication failure");
    page.shows("maillog", "SASL LOGIN authentication failed: authentication failure, sasl_username=redhat");
    login("redhat", "", "535 5.7.8 Error: authentication failed: another step is needed in authentication");
    // The newline of an echo without -n: forgiven in the name, not in the password.
    login("cmVkaGF0Cg==", "cmVkaGF0Cg==", "535 5.7.8 Error: authentication failed: authentication failure");
    login("cmVkaGF0", "cmVkaGF0", "235 2.7.0 Authentication successful");
    page.types("quit", "Connection closed by foreign host.");
    page.is_quiet();
}

#[test]
fn a_table_not_compiled() {
    let page = Page::lab();
    page.vim("/etc/postfix/main.cf", "Gosmtpd_client_restrictions =hash:/etc/postfix/access_file\x1b:wq\n");
    page.vim("/etc/postfix/access_file", "i192.168.1.100 REJECT\x1b:wq\n");
    page.types("service postfix reload", "OK");
    page.terminal(2);
    let dialogue = |reply: &str| {
        page.session(EHLO);
        page.session(&[("MAIL FROM:redhat@linuxidc.com", "250 2.1.0 Ok"), ("RCPT TO:root@linuxidc.com", reply)]);
        page.types("quit", "Connection closed by foreign host.");
    };
    // No table at all: the mail may come later.
    dialogue("451 4.3.5 <unknown[192.168.1.100]>: Client host rejected: Server configuration error");
    let why = page.why("terminal", "Server configuration error");
    assert!(why.contains("main.cf:16 ✕ DEFER") && why.contains("postmap makes the file"), "{why}");
    page.shows("maillog", "open database /etc/postfix/access_file.db: No such file or directory");
    page.terminal(1);
    page.session(&[("postmap /etc/postfix/access_file", "# "), ("service postfix reload", "OK")]);
    page.terminal(2);
    dialogue("554 5.7.1 <unknown[192.168.1.100]>: Client host rejected: Access denied");
    // A stale table goes on as it was.
    page.terminal(1);
    page.vim("/etc/postfix/access_file", ":s/REJECT/OK/\n:wq\n");
    page.terminal(2);
    dialogue("554 5.7.1 <unknown[192.168.1.100]>: Client host rejected: Access denied");
    let why = page.why("terminal", "Client host rejected: Access denied");
    assert!(why.contains("→ REJECT access_file:1") && why.contains("postmap was not run since"), "{why}");
    page.terminal(1);
    page.types("postmap /etc/postfix/access_file", "# ");
    page.terminal(2);
    dialogue("250 2.1.5 Ok");
    page.is_quiet();
}
