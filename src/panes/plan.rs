//! The plans of the map: where its places stand, and how the ways between them run. Not here: what happens there (`map`).
//! Follows Postfix's OVERVIEW_README.

use crate::i18n;
use crate::model::Node;

/// A place: which, left, top, label.
pub(super) type Place = (Node, i32, i32, i18n::Msg);

/// A plan.
pub(super) struct Plan {
    pub(super) view: &'static str,
    pub(super) class: &'static str,
    /// Width and height of a place.
    pub(super) size: (i32, i32),
    /// Where an envelope may lie.
    pub(super) token: (i32, i32),
    pub(super) places: [Place; 14],
    pub(super) ways: [(Node, Node, &'static str); 16],
    /// What stands beside, and who asks it: left, top, name, way.
    pub(super) beside: &'static [(Node, i32, i32, &'static str, &'static str)],
}

const fn word(name: &'static str) -> i18n::Msg {
    i18n::Msg(name, name)
}

/// For a slot of the lab and a narrow screen.
pub(super) static NARROW: Plan = Plan {
    view: "0 0 440 402",
    class: "map",
    size: (96, 42),
    token: (4, 288),
    places: [
        (Node::Network, 10, 14, i18n::MAP_NETWORK),
        (Node::Smtpd, 130, 14, word("smtpd")),
        (Node::Cleanup, 250, 14, word("cleanup")),
        (Node::Pickup, 10, 96, word("pickup")),
        (Node::Qmgr, 130, 96, word("qmgr")),
        (Node::Incoming, 250, 96, word("incoming")),
        (Node::Deferred, 10, 178, word("deferred")),
        (Node::Active, 130, 178, word("active")),
        (Node::Hold, 250, 178, word("hold")),
        (Node::Local, 10, 260, word("local")),
        (Node::Smtp, 130, 260, word("smtp")),
        (Node::Bounce, 250, 260, word("bounce")),
        (Node::Mailbox, 10, 342, i18n::MAP_MAILBOX),
        (Node::Remote, 130, 342, i18n::MAP_REMOTE),
    ],
    ways: [
        (Node::Network, Node::Smtpd, "M106 35H127"),
        (Node::Smtpd, Node::Cleanup, "M226 35H247"),
        (Node::Pickup, Node::Cleanup, "M58 96V76H274V59"),
        (Node::Cleanup, Node::Incoming, "M298 56V93"),
        (Node::Cleanup, Node::Hold, "M346 48H352Q360 48 360 56V191Q360 199 352 199H349"),
        (Node::Incoming, Node::Qmgr, "M250 117H229"),
        (Node::Qmgr, Node::Active, "M178 138V175"),
        (Node::Active, Node::Deferred, "M130 192H109"),
        (Node::Deferred, Node::Active, "M106 207H127"),
        (Node::Hold, Node::Deferred, "M298 220V239H58V223"),
        (Node::Active, Node::Local, "M148 220C148 246 78 230 78 257"),
        (Node::Active, Node::Smtp, "M178 220V257"),
        (Node::Local, Node::Mailbox, "M58 302V339"),
        (Node::Smtp, Node::Remote, "M178 302V339"),
        (Node::Smtp, Node::Bounce, "M226 281H247"),
        (Node::Bounce, Node::Cleanup, "M346 281H386Q400 281 400 267V49Q400 35 386 35H349"),
    ],
    beside: &[],
};

/// For a pane that has the page for itself.
pub(super) static WIDE: Plan = Plan {
    view: "4 34 1376 444",
    class: "map wide",
    size: (116, 56),
    token: (24, 1204),
    places: [
        (Node::Network, 24, 186, i18n::MAP_NETWORK),
        (Node::Smtpd, 184, 186, word("smtpd")),
        (Node::Cleanup, 354, 186, word("cleanup")),
        (Node::Pickup, 184, 350, word("pickup")),
        (Node::Qmgr, 694, 186, word("qmgr")),
        (Node::Incoming, 524, 186, word("incoming")),
        (Node::Deferred, 864, 350, word("deferred")),
        (Node::Active, 864, 186, word("active")),
        (Node::Hold, 524, 350, word("hold")),
        (Node::Local, 1050, 60, word("local")),
        (Node::Smtp, 1050, 186, word("smtp")),
        (Node::Bounce, 1050, 350, word("bounce")),
        (Node::Mailbox, 1236, 60, i18n::MAP_MAILBOX),
        (Node::Remote, 1236, 186, i18n::MAP_REMOTE),
    ],
    ways: [
        (Node::Network, Node::Smtpd, "M140 214H182"),
        (Node::Smtpd, Node::Cleanup, "M300 214H352"),
        (Node::Pickup, Node::Cleanup, "M300 372C336 366 344 270 376 244"),
        (Node::Cleanup, Node::Incoming, "M470 214H522"),
        (Node::Cleanup, Node::Hold, "M470 230C510 254 534 320 544 348"),
        (Node::Incoming, Node::Qmgr, "M640 214H692"),
        (Node::Qmgr, Node::Active, "M810 214H862"),
        (Node::Active, Node::Deferred, "M936 242V348"),
        (Node::Deferred, Node::Active, "M908 348V244"),
        (Node::Hold, Node::Deferred, "M640 378H862"),
        (Node::Active, Node::Local, "M980 206C1026 206 1004 88 1048 88"),
        (Node::Active, Node::Smtp, "M980 214H1048"),
        (Node::Local, Node::Mailbox, "M1166 88H1234"),
        (Node::Smtp, Node::Remote, "M1166 214H1234"),
        (Node::Smtp, Node::Bounce, "M1108 242V348"),
        (Node::Bounce, Node::Cleanup, "M1108 406V444Q1108 456 1096 456H424Q412 456 412 444V244"),
    ],
    beside: &[
        (Node::Pickup, 24, 350, "sendmail", "M140 378H182"),
        (Node::Smtpd, 184, 62, "saslauthd", "M242 186V120"),
        (Node::Cleanup, 354, 62, "trivial-rewrite", "M412 186V120"),
        (Node::Qmgr, 0, 0, "", "M752 186C752 120 530 87 484 87"),
    ],
};
