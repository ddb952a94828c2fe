//! Lsp: an editor is answered until it ends.
//!
//! Unaware of what it asks.

use std::io;

use super::load::prove;
use super::{FINE, Invoked};
use crate::lsp::{End, serve};

/// Exit code where the editor has gone without saying so; the protocol has it.
const ABRUPT: u8 = 1;

/// Answers an editor over standard input and output.
pub fn lsp() -> Invoked {
    Ok(match serve(&prove, io::stdin(), &mut io::stdout())? {
        End::Agreed => FINE,
        End::Abrupt => ABRUPT,
    })
}
