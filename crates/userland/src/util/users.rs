//! Accounts: /etc/passwd and /etc/group as rows, names to numbers and back.
//! Not here: changing them (useradd and friends), passwords. Source: passwd(5), group(5), getpwnam(3).

use machine::Sys;

/// One line of /etc/passwd.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) password: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) home: String,
    pub(crate) shell: String,
}

/// One line of /etc/group.
#[derive(Clone)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) gid: u32,
    pub(crate) members: Vec<String>,
}

/// The accounts of a host, in the order of the files. Lines that are not well formed are passed over, as the C library does.
#[derive(Default)]
pub(crate) struct Accounts {
    pub(crate) users: Vec<User>,
    pub(crate) groups: Vec<Group>,
}

/// The lines of a file of colon-separated fields; none if it cannot be read.
async fn rows(sys: &Sys, path: &str) -> Vec<Vec<String>> {
    let bytes = sys.read_file(path).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    text.lines().filter(|l| !l.starts_with('#')).map(|l| l.split(':').map(str::to_string).collect()).collect()
}

impl User {
    fn parse(row: &[String]) -> Option<User> {
        let [name, password, uid, gid, _, home, shell] = row else { return None };
        Some(User {
            name: name.clone(),
            password: password.clone(),
            uid: uid.parse().ok()?,
            gid: gid.parse().ok()?,
            home: home.clone(),
            shell: if shell.is_empty() { "/bin/sh".to_string() } else { shell.clone() },
        })
    }
}

impl Group {
    fn parse(row: &[String]) -> Option<Group> {
        let [name, _, gid, members] = row else { return None };
        Some(Group {
            name: name.clone(),
            gid: gid.parse().ok()?,
            members: members.split(',').filter(|m| !m.is_empty()).map(str::to_string).collect(),
        })
    }
}

impl Accounts {
    /// Reads both files.
    pub(crate) async fn read(sys: &Sys) -> Accounts {
        let users = rows(sys, "/etc/passwd").await;
        let groups = rows(sys, "/etc/group").await;
        Accounts {
            users: users.iter().filter_map(|r| User::parse(r)).collect(),
            groups: groups.iter().filter_map(|r| Group::parse(r)).collect(),
        }
    }
    /// The user of this name.
    pub(crate) fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|u| u.name == name)
    }
    /// The (first) user of this number.
    pub(crate) fn user_of(&self, uid: u32) -> Option<&User> {
        self.users.iter().find(|u| u.uid == uid)
    }
    /// The group of this name.
    pub(crate) fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|g| g.name == name)
    }
    /// The (first) group of this number.
    pub(crate) fn group_of(&self, gid: u32) -> Option<&Group> {
        self.groups.iter().find(|g| g.gid == gid)
    }
    /// The user's name, or the number where there is none.
    pub(crate) fn user_name(&self, uid: u32) -> String {
        self.user_of(uid).map_or_else(|| uid.to_string(), |u| u.name.clone())
    }
    /// The group's name, or the number where there is none.
    pub(crate) fn group_name(&self, gid: u32) -> String {
        self.group_of(gid).map_or_else(|| gid.to_string(), |g| g.name.clone())
    }
    /// A user's number, by name or by digits.
    pub(crate) fn uid(&self, text: &str) -> Option<u32> {
        self.user(text).map(|u| u.uid).or_else(|| number(text))
    }
    /// A group's number, by name or by digits.
    pub(crate) fn gid(&self, text: &str) -> Option<u32> {
        self.group(text).map(|g| g.gid).or_else(|| number(text))
    }
    /// The groups of a user as getgrouplist(3) gives them: the primary one first, then those that list the name, in the file's order.
    pub(crate) fn groups_of(&self, name: &str, primary: u32) -> Vec<u32> {
        let mut all = vec![primary];
        for g in &self.groups {
            if g.gid != primary && g.members.iter().any(|m| m == name) {
                all.push(g.gid);
            }
        }
        all
    }
}

fn number(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}
