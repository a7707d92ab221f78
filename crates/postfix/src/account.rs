//! Accounts as delivery agents and daemons need them: /etc/passwd and /etc/group. Source: getpwnam(3), getgrnam(3).

use machine::Sys;

/// One line of /etc/passwd.
#[derive(Clone)]
#[allow(missing_docs)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) gecos: String,
    pub(crate) home: String,
    pub(crate) shell: String,
}

async fn find(sys: &Sys, wanted: impl Fn(&[&str]) -> bool) -> Option<Account> {
    let bytes = sys.read_file("/etc/passwd").await.ok()?;
    let text = String::from_utf8_lossy(&bytes);
    text.lines().find_map(|line| {
        let f: Vec<&str> = line.split(':').collect();
        let [name, _, uid, gid, gecos, home, shell] = f.as_slice() else { return None };
        if !wanted(&f) {
            return None;
        }
        Some(Account {
            name: name.to_string(),
            uid: uid.parse().ok()?,
            gid: gid.parse().ok()?,
            gecos: gecos.to_string(),
            home: home.to_string(),
            shell: shell.to_string(),
        })
    })
}

/// The account of this name.
pub(crate) async fn by_name(sys: &Sys, name: &str) -> Option<Account> {
    find(sys, |f| f[0] == name).await
}

/// The account of this user id.
pub(crate) async fn by_uid(sys: &Sys, uid: u32) -> Option<Account> {
    let uid = uid.to_string();
    find(sys, |f| f[2] == uid).await
}

/// The number of a group.
pub(crate) async fn group(sys: &Sys, name: &str) -> Option<u32> {
    let bytes = sys.read_file("/etc/group").await.ok()?;
    let text = String::from_utf8_lossy(&bytes);
    text.lines().find_map(|line| {
        let mut f = line.split(':');
        (f.next()? == name).then(|| f.nth(1)?.parse().ok())?
    })
}
