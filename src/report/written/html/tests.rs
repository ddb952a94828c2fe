//! Tests of the page: it is whole, it is its own, and no text of others is more than text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::*;

fn sum(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

#[test]
fn the_page_knows_its_own_style_and_scripts() {
    assert_eq!((sum(STYLE).as_str(), sum(SCRIPT).as_str()), (STYLE_SUM, SCRIPT_SUM));
}
