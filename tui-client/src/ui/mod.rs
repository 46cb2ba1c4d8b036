//! Draws a [`Screen`](crate::app::screen::Screen). Decides nothing but looks.
