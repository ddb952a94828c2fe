//! Abilities: what an editor says that it can do, and what it is told that this server can.
//!
//! Unaware of how any of it is done.

use lsp_types::{
    ClientCapabilities, CodeActionKind, CodeActionOptions, CodeActionProviderCapability,
    CompletionOptions, HoverProviderCapability, InitializeResult, OneOf, ServerCapabilities,
    ServerInfo, TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    TextDocumentSyncSaveOptions,
};

use super::position::Encoding;
use super::verdicts::Manner;

/// What asks for completion while one types: after each of these something can be named.
const TRIGGERS: [&str; 7] = ["[", ".", "\"", "'", "{", "=", ","];

/// Returns how an editor wants to be told of problems.
pub(super) fn manner(client: &ClientCapabilities) -> Manner {
    let offered = client.general.as_ref().and_then(|general| general.position_encodings.as_deref());
    let document = client.text_document.as_ref();
    let shown = document.and_then(|document| document.publish_diagnostics.as_ref());
    Manner {
        encoding: Encoding::among(offered.unwrap_or_default()),
        related: shown.and_then(|shown| shown.related_information).unwrap_or(false),
    }
}

/// Returns whether an editor can put the cursor inside of what it has completed.
pub(super) fn takes_snippets(client: &ClientCapabilities) -> bool {
    let document = client.text_document.as_ref();
    let completion = document.and_then(|document| document.completion.as_ref());
    let item = completion.and_then(|completion| completion.completion_item.as_ref());
    item.and_then(|item| item.snippet_support).unwrap_or(false)
}

/// Returns what this server can do for an editor.
pub(super) fn ours(client: &ClientCapabilities, encoding: Encoding) -> InitializeResult {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::INCREMENTAL),
        save: Some(TextDocumentSyncSaveOptions::Supported(true)),
        ..TextDocumentSyncOptions::default()
    };
    let actions = CodeActionOptions {
        code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
        ..CodeActionOptions::default()
    };
    let completion = CompletionOptions {
        trigger_characters: Some(TRIGGERS.map(str::to_owned).to_vec()),
        ..CompletionOptions::default()
    };
    let capabilities = ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(TextDocumentSyncCapability::Options(sync)),
        completion_provider: Some(completion),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        // The older form of an outline is not worth having twice.
        document_symbol_provider: outlines(client).then_some(OneOf::Left(true)),
        code_action_provider: Some(CodeActionProviderCapability::Options(actions)),
        ..ServerCapabilities::default()
    };
    let version = Some(env!("CARGO_PKG_VERSION").to_owned());
    InitializeResult {
        capabilities,
        server_info: Some(ServerInfo { name: "runner".into(), version }),
    }
}

fn outlines(client: &ClientCapabilities) -> bool {
    let document = client.text_document.as_ref();
    let symbols = document.and_then(|document| document.document_symbol.as_ref());
    symbols.and_then(|symbols| symbols.hierarchical_document_symbol_support).unwrap_or(false)
}
