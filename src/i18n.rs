//! The page's own words in English and Simplified Chinese. Replies, log lines, commands and file content are never translated.

/// A text in both languages; `{}` stands for what is filled in.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Msg(pub(crate) &'static str, pub(crate) &'static str);

/// The page's language.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lang {
    En,
    Zh,
}

impl Lang {
    pub(crate) fn t(self, m: Msg) -> &'static str {
        if self == Lang::En { m.0 } else { m.1 }
    }
    /// With `{}` filled in, in order.
    pub(crate) fn fill(self, m: Msg, values: &[&str]) -> String {
        let mut values = values.iter();
        let mut out = String::new();
        for (i, part) in self.t(m).split("{}").enumerate() {
            if i > 0 {
                out.push_str(values.next().copied().unwrap_or_default());
            }
            out.push_str(part);
        }
        out
    }
    pub(crate) fn code(self) -> &'static str {
        if self == Lang::En { "en" } else { "zh-CN" }
    }
}

/// What a process waits for, as the clock's next event.
pub(crate) const REASONS: [Msg; 7] = [
    Msg("sleep", "等待"),
    Msg("time-out", "超时"),
    Msg("connection time-out", "连接超时"),
    Msg("answer time-out", "应答超时"),
    Msg("disk", "写盘"),
    Msg("packet", "数据包"),
    Msg("run", "运行"),
];

macro_rules! messages {
    ($($name:ident $en:literal $zh:literal)*) => { $(pub(crate) const $name: Msg = Msg($en, $zh);)* };
}

messages! {
    TAGLINE "mail-server lab" "邮件服务器实验室"
    HEADLINE_1 "Run a mail server." "亲手架一台邮件服务器，"
    HEADLINE_2 "Break it. See why." "弄坏它，看懂它。"
    LEAD "A Postfix host, simulated in this page. You type real commands in its terminals; every reply can tell you which rule, in which line, made it." "一台模拟的 Postfix 主机，就在这个网页里。你在终端里敲真实的命令，服务器的每一句回复都能告诉你：是哪个文件、哪一行的规则决定的。"
    OPEN_LAB "Open the lab" "打开实验"
    CONTINUE_LAB "Continue in the lab" "继续实验"
    NOTHING_TO_INSTALL "Nothing to install. No account." "无需安装，无需注册。"
    KEPT_HERE "What you do is kept in this browser, and nowhere else." "你的操作只保存在这个浏览器里。"
    LAB_NAME "Free lab: linuxidc" "自由实验：linuxidc"
    LAB_HOSTS "mail.linuxidc.com, a client, and the mail server of 126.com" "mail.linuxidc.com、一台客户机，以及 126.com 的邮件服务器"
    C_AND_S "C you · S server" "C 你 · S 服务器"
    YOU_TYPED "you typed " "你输入 "
    SERVER "server " "服务器 "
    WHY_BUTTON "why?" "为什么？"
    OUTSIDE ".103 is outside 127.0.0.1" ".103 不在 127.0.0.1 内"
    NO_LOGIN_YET "no login yet" "还没有登录"
    NO_SUCH_LAB "There is no lab of that name." "没有这个名字的实验。"
    LESSON_LATER "This lesson is not there yet. The free lab is open." "这一课还没有做好。可以先用自由实验。"
    BACK_HOME "Course map" "课程地图"

    SKIP "Skip to the terminal" "跳到终端"
    LANGUAGE "Language" "语言"
    THEME "Theme" "主题"
    THEME_DARK "Dark" "深色"
    THEME_LIGHT "Light" "浅色"
    PRESENT "Present" "投影"
    LEAVE_PRESENT "Leave" "退出投影"
    MENU "Lab menu" "实验菜单"
    CLOCK "Simulated clock" "模拟时钟"
    UNDO "Undo: {}" "撤销：{}"
    REDO "Redo: {}" "重做：{}"
    UNDONE "Back before {}, {}" "已回到 {} 之前，{}"
    REDONE "Done again: {}" "已重做：{}"
    OTHER_BUILD "This lab was saved by another version of the page. Played again here, not everything came out the same; your inputs are all there." "这个实验是由本页的另一个版本保存的。在这里重放，结果并不完全相同；你的输入都还在。"
    SHARE "Share" "分享"
    SHARE_SAYS "This link holds the lab, its seed and what you typed: {} commands, passwords among them. Whoever opens it gets the same machines." "这个链接包含实验名、种子和你输入的 {} 条命令（包括密码）。打开它的人会得到同样的主机。"
    SHARE_FILES "also the content of what you saved in the editor: {}" "同时包含你在编辑器里保存的内容：{}"
    SHARE_LEFT_OUT "Without it, what depends on these files comes out differently." "不包含时，与这些文件有关的结果会不同。"
    SHARE_COPY "Copy the link" "复制链接"
    SHARE_COPIED "copied" "已复制"
    SHARED_LAB "Shared lab: linuxidc" "分享来的实验：linuxidc"
    OWN_LAB "Back to my lab" "回到我的实验"
    LINK_BROKEN "This link to a lab is broken: a part of it was cut off or changed. Ask for it again; your own lab is untouched." "这个实验链接不完整：有一部分被截掉或改动了。请重新索取；你自己的实验没有变化。"
    LINK_NO_ROOM "The lab behind this link could not be opened: the browser's storage is full or switched off." "无法打开这个链接里的实验：浏览器存储已满或被关闭。"
    PAUSE "Pause" "暂停"
    RESUME "Continue" "继续"
    NEXT_EVENT "Go to the next event" "跳到下一件事"
    MORE "More" "更多"
    EXTRA_KEYS "Extra keys" "附加按键"
    EMPTY_VALUE "empty" "未设置"
    PAUSED "paused" "已暂停"
    NEXT "Next" "下一件"
    COMMA ", " "，"
    TEXT_SIZE "Text size" "字号"
    SMALLER "Smaller text" "缩小字号"
    LARGER "Larger text" "放大字号"
    START_OVER "Start over" "从头开始"
    START_OVER_ASK "Start over? The machines go back to how they were at first. Files you changed, mail and logs of this lab are gone." "从头开始吗？所有主机会回到最初的样子，这个实验里改过的文件、邮件和日志都会消失。"
    KEEP "Keep this lab" "保留现在的实验"
    CLOSE "Close" "关闭"
    KEYS_TEXT "F6 next region · F2 and a letter: this menu · Tab completes, Esc then Tab leaves · ↑ ↓ Ctrl C D Z L R as in a shell" "F6 下一区域 · F2 加字母：本菜单 · Tab 补全，先 Esc 再 Tab 离开 · ↑ ↓ Ctrl C D Z L R 与 shell 相同"
    SPLIT "One or two view panes" "视图一格或两格"
    WHY_LAST "Why the last reply" "最后一句回复的为什么"
    FIND "/ to search this menu" "按 / 搜索本菜单"
    FIND_NONE "Nothing of that name." "没有这个名字的项目。"
    DIVIDER "Width of the views: drag, ← → move it" "视图宽度：可拖动，← → 移动"
    PANE_MENU "Pane menu" "窗格菜单"
    WIDTH_THIRD "Width: one third" "宽度：三分之一"
    WIDTH_HALF "Width: half" "宽度：一半"
    WIDTH_THIRDS "Width: two thirds" "宽度：三分之二"
    MOVE_DOWN "Move to the lower slot" "移到下格"
    MOVE_UP "Move to the upper slot" "移到上格"
    FILL_SCREEN "Fill the screen" "占满屏幕"
    BACK_TO_LAB "Back to the lab" "回到实验"
    JOIN "Join the slots" "合为一格"
    DIVIDE "Two slots" "分成两格"

    TERMINAL "Terminal" "终端"
    TERMINALS "Terminals" "终端列表"
    TRANSCRIPT "Transcript" "会话记录"
    NEW_TERMINAL "New terminal" "新终端"
    NEW_TERMINAL_ON "Log in to" "登录到"
    CLOSE_TERMINAL "Close terminal" "关闭终端"
    TYPE_TO_SHELL "Type a command" "输入命令"
    TYPE_TO_SERVER "Type to the server" "向服务器输入"
    TYPE_TO_PROGRAM "Type to {}" "向 {} 输入"
    TYPE_HIDDEN "Type; it is not shown" "输入（不会显示）"
    KEYS_GO_TO "Keys go to {}" "按键送给 {}"
    SESSION_ENDED "This session has ended." "这个会话已结束。"
    NOTHING_TO_COMPLETE "Nothing to complete. Esc, then Tab leaves the terminal." "没有可补全的。先按 Esc 再按 Tab 可离开终端。"
    ASK_IN_BASE64 "The server asks “{}” in base64." "服务器用 base64 问“{}”。"
    ASK_PLAIN "The server waits for NUL login NUL password in base64." "服务器在等 base64 编码的 NUL 用户名 NUL 密码。"
    GLOSS_USER "(user name)" "（用户名）"
    GLOSS_PASS "(password)" "（密码）"
    PORT "port {}" "端口 {}"
    NO_TLS "no TLS" "未加密"
    LOGGED_IN "logged in" "已登录"
    NOT_LOGGED_IN "not logged in" "未登录"
    NO_MAIL_YET "no MAIL yet" "尚无 MAIL"
    MAIL_GIVEN "MAIL accepted, no RCPT yet" "MAIL 已接受，尚无 RCPT"
    RCPT_GIVEN "recipients accepted: {}" "已接受收件人：{}"
    IN_DATA "typing the message; a line with one dot ends it" "正在输入邮件；单独一行一个点结束"
    FULL_SCREEN "{} has the whole terminal" "{} 占用整个终端"
    LINES_NEWS "{} lines, last: {}" "{} 行，最后一行：{}"
    RETURNED "The lab is as you left it." "实验与你离开时相同。"
    SET_ASIDE "The saved lab could not be used. It is kept under “{}” in the browser's storage; this is a new one." "保存的实验无法使用，已另存在浏览器存储的“{}”下；这是一个新的实验。"
    LOADING "Fetching {}…" "正在取 {}……"
    LOAD_AGAIN "Part of the program ({}) could not be fetched. It is tried again until it comes; check the connection." "程序的一部分（{}）没有取到，会一直重试；请检查网络。"
    STARTING "The machines are starting…" "主机正在启动……"
    LOAD_FAILED "Part of the program ({}) could not be fetched. Check the connection and run the command again." "程序的一部分（{}）没有取到。请检查网络，再运行一次命令。"
    NOT_SAVED "The browser's storage is full or switched off: this lab will not survive a reload." "浏览器存储已满或被关闭：刷新页面后这个实验不会保留。"

    VIEWS "Views" "视图"
    UPPER "Upper pane" "上方窗格"
    LOWER "Lower pane" "下方窗格"
    WHY "Why" "为什么"
    LOG "Mail log" "邮件日志"
    LOG_SHORT "Log" "日志"
    FILES "Files" "文件"
    MAP "Map" "邮路图"
    MAP_NETWORK "network" "网络"
    MAP_MAILBOX "mailbox" "邮箱"
    MAP_REMOTE "remote MX" "远端 MX"
    MAP_EMPTY "No message yet" "还没有邮件"
    MAP_EMPTY_TEXT "A message gets a queue id when the server accepts its first recipient. From then on it is followed here." "服务器接受第一个收件人时，邮件就得到队列号，从那时起这里会跟着它走。"
    MAP_MESSAGES "Messages" "邮件"
    MAP_AT "is at {}" "现在在 {}"
    MAP_GONE "is done: it is in no queue any more" "已处理完：不在任何队列里了"
    MAP_INTO "goes into the queue {}" "进入 {} 队列"
    MAP_INTO_BOX "lies in the mailbox" "放进邮箱"
    MAP_REPLAY "From the start" "从头看"
    HOP "Hop" "跳"
    HOP_BACK "One hop back" "上一跳"
    HOP_ON "One hop on" "下一跳"
    TIME "Time" "时间"
    PROCESS "Process" "进程"
    WHAT "What happened" "发生了什么"
    HERE "something here is lit" "这里有亮起的内容"
    PINNED "Stays lit; Esc lets go" "保持亮起；Esc 取消"
    UNPINNED "No longer lit" "不再保持亮起"
    BASE64 "Base64" "Base64"
    QUEUE "Queue" "队列"
    QUEUE_SAME "same as" "等同于"
    QUEUE_RETRY "retry in {}" "{} 后重试"
    QUEUE_EMPTY "The queue is empty" "队列是空的"
    QUEUE_EMPTY_TEXT "Everything was delivered or returned. The mail log has the story." "所有邮件都已送达或退回，经过都在邮件日志里。"
    MAILBOXES "Mailboxes" "邮箱"
    MAIL_EMPTY "No mail yet" "还没有邮件"
    MAIL_EMPTY_TEXT "Deliveries to redhat, root and student appear here." "投递给 redhat、root、student 的邮件会出现在这里。"
    NO_SUBJECT "(no subject)" "（无主题）"
    WHY_EMPTY "No reply chosen yet" "还没有选中回复"
    WHY_EMPTY_TEXT "Press “why?” at the end of a reply in the terminal, or F2 W for the last one. The rules that led to it appear here." "点终端里某句回复末尾的“为什么？”，或按 F2 W 看最后一句。导致它的规则会列在这里。"
    WHY_NO_ROWS "Nothing was looked up for this: the command alone decides it." "这句回复没有查任何规则：由命令本身决定。"
    DECIDED "{} decided." "由 {} 决定。"
    SHOW_LOG_LINE "Show log lines of {}" "看 {} 的日志行"
    OPEN_PLACE "Open {}" "打开 {}"
    SHOW_IN_TERMINAL "Show it in the terminal" "在终端里看这一行"
    EMPTY_ROWS "{} parameters are set nowhere and empty" "{} 个参数没有设置，为空"
    DECIDED_BY "Decided by" "由谁决定"
    MAP_BIG_PROCESS "process" "进程"
    MAP_BIG_QUEUE "queue on disk" "磁盘上的队列"
    MAP_BIG_OUTSIDE "outside Postfix" "Postfix 之外"
    MAP_BIG_WAY "its way" "它的路"
    MAP_BIG_BOUNCE "way of what came from it" "由它生出的邮件的路"
    MAP_BIG_HERE "here now" "现在在这里"
    DEFAULT_VALUE "built-in default" "内置默认值"
    FOUND "{} → {}" "{} → {}"
    NOT_FOUND "{}: not found" "{}：没有"
    NOT_ASKED "not reached" "未问到"

    LOG_FILTER "Filter: queue id or text" "筛选：队列号或文字"
    LOG_PLACEHOLDER "queue id or text" "队列号或文字"
    ALL_DAEMONS "all" "全部"
    LIVE "live" "实时"
    TO_END "To the newest line" "到最新一行"
    LOG_EMPTY "No log line yet" "还没有日志"
    LOG_EMPTY_TEXT "Lines of /var/log/maillog appear here as the daemons write them: connect to port 25 to see the first." "守护进程一写 /var/log/maillog，这里就会出现。连一下 25 端口就能看到第一行。"
    LOG_NO_MATCH "No line matches the filter" "没有符合筛选的行"
    CLEAR_FILTER "Clear the filter" "清除筛选"

    B64_WAITING "The server is waiting for an answer" "服务器正在等你回答"
    B64_ASKS "asks “{}”." "问的是“{}”。"
    B64_ASKS_PLAIN "asks for one string with login and password (see AUTH PLAIN below)." "要一个包含用户名和密码的字符串（见下面的 AUTH PLAIN）。"
    B64_ENTERED "You entered {}, so answer {}." "你填的是 {}，应回答 {}。"
    B64_ENTER "Enter your answer as text below." "在下面把你的回答写成普通文字。"
    PUT "Put {}" "填入 {}"
    B64_PUT "Put {} in the terminal" "把 {} 填入终端"
    B64_TEXT "Text" "文本"
    B64_SAME "Same as" "等同于"
    B64_ECHO "With plain {} a newline gets in and you would send {}." "若用不带 -n 的 {}，会多编进一个换行，变成 {}。"
    B64_NEWLINE "add a newline at the end (as echo does)" "末尾加一个换行（像 echo 那样）"
    B64_BYTES "{} bytes" "{} 字节"
    B64_HAS_NEWLINE "A newline (LF) is at the end: a password with it is another password." "末尾有一个换行（LF）：带着它的密码就是另一个密码。"
    B64_BINARY "These bytes are not UTF-8 text." "这些字节不是 UTF-8 文本。"
    B64_BAD_CHAR "{} at place {} is none of the 64 characters (A–Z a–z 0–9 + / and = at the end)." "“{}”是第 {} 个字符，不在 64 个字符之内（A–Z a–z 0–9 + /，= 只在末尾）。"
    B64_BAD_LENGTH "{} characters; base64 comes in groups of four." "有 {} 个字符；base64 每四个一组。"
    B64_BAD_PADDING "= at place {} is not at the end; at most two = may stand there." "第 {} 个字符是 =，却不在末尾；= 只能在末尾，最多两个。"
    B64_BAD_TAIL "The last character carries bits that belong to no byte: a character was changed or lost." "最后一个字符带着不属于任何字节的位：有字符被改动或丢失了。"
    B64_PLAIN "puts three fields in one string, split by NUL bytes" "把三个字段放进一个字符串，用 NUL 字节隔开"
    B64_PLAIN_FIELDS "(act as: empty) NUL (login) NUL (password)" "（代表谁：空）NUL（用户名）NUL（密码）"
    B64_LOGIN "Login" "用户名"
    B64_PASSWORD "Password" "密码"
    B64_NOT_A_LOCK "Base64 is a spelling, not a lock: anyone can read it back." "base64 只是换个写法，不是加密：谁都能还原。"

    FILE_HOST "Host" "主机"
    FILE_PATH "File" "文件"
    FILE_OPEN "Open" "打开"
    FILE_SAVE "Save" "保存"
    FILE_UNSAVED "✎ not saved" "✎ 未保存"
    FILE_SAME "saved" "已保存"
    FILE_CHANGED "The file changed on the host since you opened it." "打开之后，主机上的这个文件又被改过。"
    FILE_RELOAD "Read it again" "重新读取"
    FILE_NONE "No such file: {}. Saving makes it." "没有文件 {}。保存就会新建。"
    FILE_BINARY "{} is not text." "{} 不是文本。"
    FILE_EMPTY "No file is open" "没有打开文件"
    FILE_EMPTY_TEXT "Choose one on the left or type its path. This edits the same file as vi in the terminal." "在左边选一个，或输入路径。这里改的和终端里 vi 改的是同一个文件。"
    FILE_CONTENT "Content of {}" "{} 的内容"
    FILE_UP "up" "上一级"
    FILE_IDLE "Accepted, not simulated here: these lines change nothing" "接受但没有模拟：这些行不起作用"
    STAGE_TEXT "Text" "文本"
    STAGE_DB ".db" ".db"
    STAGE_ALIASES "aliases.db" "aliases.db"
    STAGE_LOADED "Postfix in use" "Postfix 在用"
    REMEDY_POSTMAP "older: run postmap" "较旧：运行 postmap"
    REMEDY_ALIASES "older: run newaliases" "较旧：运行 newaliases"
    REMEDY_RELOAD "older: reload Postfix" "较旧：让 Postfix reload"
}
