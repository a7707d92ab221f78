//! Everything that can happen on the page. Not here: what it does (`update`).

use super::Phone;
use super::links::Sel;
use crate::app::Prefs;
use crate::panes::{Pane, View};

/// Everything that can happen on the page.
pub(crate) enum Msg {
    /// The world's next event is due.
    Tick,
    /// The clock's display goes on.
    Second,
    /// The page is seen or not.
    Visible,
    Save,
    /// The page goes away.
    Leave,
    Speak,
    Panes(Option<&'static [Pane]>),
    Load(&'static world::Chunk),
    Loaded(&'static world::Chunk, Result<&'static [world::Program], world::LoadError>),
    /// A line for the front terminal, without its end.
    Line(String),
    /// Bytes for the front terminal.
    Bytes(Vec<u8>),
    Complete(String, usize),
    History(bool, String),
    /// The next older line of the history with this in it.
    Search(String),
    ClearScreen,
    Put(String),
    FocusPrompt,
    Front(usize),
    Opening,
    Open(&'static str, &'static str),
    CloseTerm(usize),
    Size(u32, u32),
    Show(View),
    Phone(Phone),
    Split,
    /// The divider goes so many rem to the left, or to the right.
    Width(i32),
    /// The views take so many rem.
    WidthTo(u32),
    /// The views take so many sixths of the width.
    Part(u32),
    /// The menu of the upper slot, or of the lower one, is opened or closed.
    PaneMenu(bool),
    /// The upper view goes to the lower slot, or the lower one up.
    Move(bool),
    /// A slot's view fills the page, or no longer.
    Full(bool),
    /// What is sought in the lab's menu.
    Find(String),
    Prefs(Prefs),
    /// The projector's layout, or no longer.
    Present,
    Why(u32),
    WhyLast,
    /// The terminal goes to the line that tells of this event.
    InTerminal(u32),
    /// The hand is on something that stands for an event, or on nothing.
    Light(Sel),
    /// It stays lit, or nothing does.
    Pin(Sel),
    Seen(u32),
    /// The map goes to this step.
    Step(usize),
    /// The map takes the next step by itself.
    Walk,
    /// The map shows the whole way again.
    Replay,
    MapOf(String),
    LogFind(String),
    LogDaemon(String),
    LogClear,
    LogLive(bool),
    LogEnd,
    B64Text(String),
    B64Code(String),
    B64Newline,
    Plain(bool, String),
    Mailbox(String, Option<usize>),
    OpenFile(String, String, u32),
    FileText(String),
    FilePath(String),
    FileHost(String),
    FileSave,
    Undo,
    Redo,
    /// Offers a link, with the content of saved files or without.
    Share(bool),
    Copy,
    FileClose,
    /// Opens the lab's menu, or closes it.
    Menu(bool),
    CloseMenu,
    /// Closes what is open; with nothing open, nothing stays lit.
    Escape,
    Pause,
    Rate(u64),
    Skip,
    Ask(bool),
    StartOver,
    Dismiss,
}
