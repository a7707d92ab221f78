//! The page that `h` shows.

pub(super) const TEXT: &str = "
                   WHAT THE KEYS OF LESS DO

      N stands for a number typed in front; ^X is X with the control key.

  h  H                 This page.
  q  :q  Q  ZZ         Leave.

                           MOVING

  e  j  ^E  ^N  RETURN  One line forward (or N lines).
  y  k  ^Y  ^P          One line backward (or N lines).
  f  ^F  ^V  SPACE      One window forward (or N lines).
  b  ^B                 One window backward (or N lines).
  d  ^D                 Half a window forward (N: so many lines from now on).
  u  ^U                 Half a window backward.
  g  <                  To the first line (or line N).
  G  >                  To the last line (or line N).
  p  %                  To N percent of the file.
  F                     Show what is added to the file; ^C ends it.
  m letter              Mark this place.       ' letter   Go back to it.
  LEFT  RIGHT           Half a screen sideways, where lines are cut (-S).

                          SEARCHING

  /pattern              Forward to the N-th line that matches.
  ?pattern              Backward.
  n                     The same again.        N          In the other direction.

                      FILES AND OPTIONS

  :n  :p                Next file, previous file.
  =  :f                 Name of the file and where we are in it.
  -letter               Switch an option: N line numbers, S cut long lines, i ignore case.
  r  ^L                 Draw the screen again.
";
