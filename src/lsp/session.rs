//! Session: one talk with an editor, from its first word to its last.
//!
//! Unaware of bytes, and of how an answer is found.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lsp_server::{ErrorCode, Message, Notification, Request, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidChangeWatchedFiles, DidCloseTextDocument, DidOpenTextDocument,
    DidSaveTextDocument, Notification as _, PublishDiagnostics,
};
use lsp_types::request::{
    CodeActionRequest, Completion, DocumentSymbolRequest, Formatting, GotoDefinition, HoverRequest,
    References, Request as _,
};
use lsp_types::{
    CodeActionParams, CodeActionResponse, CompletionResponse, DidChangeTextDocumentParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DocumentSymbolResponse,
    GotoDefinitionResponse, InitializeParams, Position, PublishDiagnosticsParams, Uri,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::documents::Documents;
use super::language::Language;
use super::look::Look;
use super::position::Lines;
use super::verdicts::{Check, Manner, Verdicts, named};
use super::wire::{Arrived, Fault, Outbox};
use super::{End, abilities, actions, complete, format, hover, jump, symbols};
use crate::config;

/// What was said of beginning and ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The editor has not introduced itself.
    New,
    /// Everything can be asked.
    Open,
    /// The editor is about to end.
    Ending,
}

/// A talk with an editor.
pub(super) struct Session<'s> {
    check: &'s Check<'s>,
    outbox: Outbox<'s>,
    phase: Phase,
    manner: Manner,
    /// Whether the editor can put the cursor inside of what it has completed.
    snippets: bool,
    language: Language,
    documents: Documents,
    verdicts: Verdicts,
}

impl<'s> Session<'s> {
    /// Waits for the editor to introduce itself.
    pub(super) fn new(check: &'s Check<'s>, outbox: Outbox<'s>) -> Self {
        Self {
            check,
            outbox,
            phase: Phase::New,
            manner: Manner::default(),
            snippets: false,
            language: Language::new(&config::schema()),
            documents: Documents::default(),
            verdicts: Verdicts::default(),
        }
    }

    /// Returns whether a job is to be checked.
    pub(super) fn has_work(&self) -> bool {
        self.verdicts.next_due().is_some()
    }

    /// Checks one job and tells what was found.
    pub(super) fn work(&mut self) -> Result<(), Fault> {
        self.verdicts.next_due().map_or(Ok(()), |path| self.judge(&path))
    }

    /// Returns how it has ended, if it ended now.
    pub(super) fn end(&self) -> End {
        if self.phase == Phase::Ending { End::Agreed } else { End::Abrupt }
    }

    /// Takes in a message, and answers it; returns the end, if it was the last.
    pub(super) fn take(&mut self, arrived: Arrived) -> Result<Option<End>, Fault> {
        match arrived {
            Arrived::Message(Message::Request(request)) => {
                let response = self.answer(request)?;
                self.outbox.send(response)?;
            }
            Arrived::Message(Message::Notification(told)) if told.method == "exit" => {
                return Ok(Some(self.end()));
            }
            Arrived::Message(Message::Notification(told)) if self.phase == Phase::Open => {
                self.hear(told)?;
            }
            // Nothing was asked of the editor, and nothing is done before and after.
            Arrived::Message(Message::Notification(_) | Message::Response(_)) => {}
            Arrived::Unreadable(code, why) => self.outbox.refuse(code, &why)?,
            Arrived::Broken(fault) => return Err(fault),
        }
        Ok(None)
    }

    fn answer(&mut self, request: Request) -> Result<Response, Fault> {
        let refuse = |code: ErrorCode, why: &str| {
            Ok(Response::new_err(request.id.clone(), code as i32, why.to_owned()))
        };
        match (self.phase, request.method.as_str()) {
            (Phase::New, "initialize") => Ok(self.begin(request)),
            (Phase::New, _) => refuse(ErrorCode::ServerNotInitialized, "`initialize` comes first"),
            (Phase::Ending, _) => refuse(ErrorCode::InvalidRequest, "`shutdown` was asked before"),
            (Phase::Open, "initialize") => {
                refuse(ErrorCode::InvalidRequest, "`initialize` was asked before")
            }
            (Phase::Open, "shutdown") => {
                self.phase = Phase::Ending;
                Ok(Response::new_ok(request.id, Value::Null))
            }
            (Phase::Open, _) => self.look_up(request),
        }
    }

    fn begin(&mut self, request: Request) -> Response {
        reply(request, |params: InitializeParams| {
            let client = &params.capabilities;
            self.manner = abilities::manner(client);
            self.snippets = abilities::takes_snippets(client);
            self.phase = Phase::Open;
            abilities::ours(client, self.manner.encoding)
        })
    }

    /// Answers a question about a document.
    fn look_up(&mut self, request: Request) -> Result<Response, Fault> {
        self.settle(&request)?;
        let this = &*self;
        Ok(match request.method.as_str() {
            Completion::METHOD => reply(request, |params: lsp_types::CompletionParams| {
                let at = params.text_document_position;
                let snippets = this.snippets;
                this.look(&at.text_document.uri, Some(at.position), |look| {
                    CompletionResponse::List(complete::complete(look, snippets))
                })
            }),
            HoverRequest::METHOD => reply(request, |params: lsp_types::HoverParams| {
                let at = params.text_document_position_params;
                this.look(&at.text_document.uri, Some(at.position), hover::hover).flatten()
            }),
            GotoDefinition::METHOD => reply(request, |params: lsp_types::GotoDefinitionParams| {
                let at = params.text_document_position_params;
                let found = this.look(&at.text_document.uri, Some(at.position), jump::definition);
                found.map(GotoDefinitionResponse::Array)
            }),
            References::METHOD => reply(request, |params: lsp_types::ReferenceParams| {
                let at = params.text_document_position;
                let declared = params.context.include_declaration;
                this.look(&at.text_document.uri, Some(at.position), |look| {
                    jump::references(look, declared)
                })
            }),
            DocumentSymbolRequest::METHOD => {
                reply(request, |params: lsp_types::DocumentSymbolParams| {
                    let found = this.look(&params.text_document.uri, None, symbols::symbols);
                    found.map(DocumentSymbolResponse::Nested)
                })
            }
            Formatting::METHOD => reply(request, |params: lsp_types::DocumentFormattingParams| {
                this.look(&params.text_document.uri, None, format::edits)
            }),
            CodeActionRequest::METHOD => {
                reply(request, |params: CodeActionParams| this.actions(&params))
            }
            _ => {
                let why = format!("`{}` is nothing that this server does", request.method);
                Response::new_err(request.id, ErrorCode::MethodNotFound as i32, why)
            }
        })
    }

    /// Looks at a place in a document, if it is open and no larger than a job file.
    fn look<T>(
        &self,
        uri: &Uri,
        at: Option<Position>,
        see: impl FnOnce(&Look<'_>) -> T,
    ) -> Option<T> {
        let document = self.documents.named(uri)?;
        if !document.is_job() || document.text.len() as u64 > config::LARGEST {
            return None;
        }
        let encoding = self.manner.encoding;
        let byte = at.map_or(0, |at| Lines::new(&document.text, encoding).byte(at));
        let files = self.verdicts.family(&document.path, &self.documents);
        let (language, documents) = (&self.language, &self.documents);
        Some(see(&Look { language, documents, files: &files, encoding, byte }))
    }

    fn actions(&self, params: &CodeActionParams) -> Option<CodeActionResponse> {
        let document = self.documents.named(&params.text_document.uri)?;
        Some(actions::actions(&self.verdicts.of(&document.path), params.range))
    }

    /// Checks the document that a question is about, if the answer could not be right otherwise:
    /// its other files are not known yet, or edits are asked for a text that has changed.
    fn settle(&mut self, request: &Request) -> Result<(), Fault> {
        let uri = request.params.pointer("/textDocument/uri").cloned();
        let uri: Option<Uri> = uri.and_then(|uri| serde_json::from_value(uri).ok());
        let document = uri.and_then(|uri| self.documents.named(&uri));
        let job = document.filter(|document| document.is_job());
        let Some(path) = job.map(|document| document.path.clone()) else { return Ok(()) };
        let edits = request.method == CodeActionRequest::METHOD && self.verdicts.is_due(&path);
        if edits || !self.verdicts.is_known(&path) { self.judge(&path) } else { Ok(()) }
    }

    /// Hears what has happened to documents; what can't be understood has happened to none.
    fn hear(&mut self, told: Notification) -> Result<(), Fault> {
        let touched = match told.method.as_str() {
            DidOpenTextDocument::METHOD => told_of(told).map(|params| self.opened(params)),
            DidChangeTextDocument::METHOD => told_of(told).map(|params| self.changed(params)),
            DidCloseTextDocument::METHOD => told_of(told).map(|params| self.closed(&params)),
            DidSaveTextDocument::METHOD | DidChangeWatchedFiles::METHOD => {
                self.verdicts.all_changed(&self.documents);
                None
            }
            _ => None,
        };
        self.publish(&touched.unwrap_or_default())
    }

    fn opened(&mut self, params: DidOpenTextDocumentParams) -> BTreeSet<PathBuf> {
        self.documents.open(params.text_document);
        self.verdicts.all_changed(&self.documents);
        BTreeSet::new()
    }

    fn changed(&mut self, params: DidChangeTextDocumentParams) -> BTreeSet<PathBuf> {
        let name = (&params.text_document.uri, params.text_document.version);
        let path = self.documents.change(name, params.content_changes, self.manner.encoding);
        let Some(path) = path else { return BTreeSet::new() };
        self.verdicts.changed(&path, &self.documents);
        if self.documents.jobs().any(|job| job == path) {
            return BTreeSet::new();
        }
        // It has become too large, or the file of another tool.
        self.verdicts.closed(&path)
    }

    fn closed(&mut self, params: &DidCloseTextDocumentParams) -> BTreeSet<PathBuf> {
        let path = self.documents.close(&params.text_document.uri);
        let touched = path.filter(|path| self.documents.of(path).next().is_none());
        let touched = touched.map(|path| self.verdicts.closed(&path)).unwrap_or_default();
        self.verdicts.all_changed(&self.documents);
        touched
    }

    fn judge(&mut self, path: &Path) -> Result<(), Fault> {
        let touched = self.verdicts.judge(path, self.check, &self.documents, self.manner);
        self.publish(&touched)
    }

    /// Tells everything that is known to be wrong with some files.
    fn publish(&mut self, files: &BTreeSet<PathBuf>) -> Result<(), Fault> {
        for path in files {
            let findings = self.verdicts.of(path).into_iter();
            let diagnostics = findings.map(|finding| finding.diagnostic.clone()).collect();
            let open: Vec<_> = self
                .documents
                .of(path)
                .map(|open| (open.uri.clone(), Some(open.version)))
                .collect();
            let names =
                if open.is_empty() { vec![(named(path, &self.documents), None)] } else { open };
            let params: Vec<_> = names
                .into_iter()
                .map(|(uri, version)| PublishDiagnosticsParams {
                    uri,
                    version,
                    diagnostics: Vec::clone(&diagnostics),
                })
                .collect();
            for params in params {
                let method = PublishDiagnostics::METHOD.to_owned();
                self.outbox.send(Notification::new(method, params))?;
            }
        }
        Ok(())
    }
}

/// Answers a question whose words fit, or says that they do not.
fn reply<P: DeserializeOwned, R: serde::Serialize>(
    request: Request,
    answer: impl FnOnce(P) -> R,
) -> Response {
    match serde_json::from_value(request.params) {
        Ok(params) => Response::new_ok(request.id, answer(params)),
        Err(error) => {
            let code = ErrorCode::InvalidParams as i32;
            Response::new_err(request.id, code, error.to_string())
        }
    }
}

fn told_of<P: DeserializeOwned>(told: Notification) -> Option<P> {
    serde_json::from_value(told.params).ok()
}
