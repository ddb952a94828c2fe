//! Actions: the cures of problems, as edits that an editor offers.
//!
//! Unaware of how problems are found.

use std::collections::HashMap;

use lsp_types::{CodeAction, CodeActionKind, CodeActionOrCommand, Range, WorkspaceEdit};

use super::findings::Finding;

/// Returns the cure of every problem that touches some place of a document.
pub(super) fn actions(findings: &[&Finding], place: Range) -> Vec<CodeActionOrCommand> {
    let here = findings.iter().filter(|finding| {
        let Range { start, end } = finding.diagnostic.range;
        start <= place.end && place.start <= end
    });
    here.filter_map(|finding| action(finding)).collect()
}

#[expect(clippy::mutable_key_type, reason = "a URI is not changed; the protocol has it as a key")]
fn action(finding: &Finding) -> Option<CodeActionOrCommand> {
    let cure = finding.cure.clone()?;
    let changes = HashMap::from([(cure.uri, vec![cure.edit])]);
    Some(CodeActionOrCommand::CodeAction(CodeAction {
        title: cure.title,
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![finding.diagnostic.clone()]),
        edit: Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }),
        is_preferred: Some(true),
        ..CodeAction::default()
    }))
}
