"""The scenarios of `runner lsp` with pygls as the editor: it has its own reading of the protocol.

Usage: client.py RUNNER FOLDER
"""

import asyncio
import pathlib
import sys

from lsprotocol import types as lsp
from pygls.lsp.client import BaseLanguageClient

# Far beyond what a loaded machine needs.
DEADLINE = 120


class Editor(BaseLanguageClient):
    """A client that keeps what it is shown."""

    def __init__(self):
        super().__init__("runner-test", "1")
        self.shown = {}
        self.news = asyncio.Condition()

        @self.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        async def show(params):
            async with self.news:
                self.shown[params.uri] = params
                self.news.notify_all()

    async def problems(self, uri, version):
        def known():
            return uri in self.shown and self.shown[uri].version == version

        async with self.news:
            await self.news.wait_for(known)
        return self.shown[uri].diagnostics


def at(text, words):
    """The place behind some words of a text without letters beyond ASCII before them."""
    before = text[: text.index(words) + len(words)]
    line = before.count("\n")
    return lsp.Position(line, len(before) - (before.rfind("\n") + 1))


def change(uri, version, area, text):
    """A change of one place."""
    return lsp.DidChangeTextDocumentParams(
        lsp.VersionedTextDocumentIdentifier(uri=uri, version=version),
        [lsp.TextDocumentContentChangePartial(range=area, text=text)],
    )


async def talk(runner, folder):
    part = folder / "part.toml"
    part.write_text("[pool.net]\n[process.login]\ncommand = ['true']\n")
    job = (folder / "job.toml").as_uri()
    text = "include = ['part.toml']\n[process.a]\npol = 'net'\nneeds = ['login']\ncommand = ['true']\n"

    editor = Editor()
    await editor.start_io(runner, "lsp")
    begun = await editor.initialize_async(
        lsp.InitializeParams(
            capabilities=lsp.ClientCapabilities(
                general=lsp.GeneralClientCapabilities(
                    position_encodings=[lsp.PositionEncodingKind.Utf16]
                )
            )
        )
    )
    assert begun.capabilities.position_encoding == lsp.PositionEncodingKind.Utf16
    assert begun.capabilities.text_document_sync.change == lsp.TextDocumentSyncKind.Incremental
    editor.initialized(lsp.InitializedParams())

    document = lsp.TextDocumentItem(uri=job, language_id="toml", version=1, text=text)
    editor.text_document_did_open(lsp.DidOpenTextDocumentParams(document))
    problems = await editor.problems(job, 1)
    assert [problem.code for problem in problems] == ["E101"], problems
    assert problems[0].severity == lsp.DiagnosticSeverity.Error
    assert problems[0].range.start == at(text, "[process.a]\n")

    # What is wrong is put right by the edit that is offered.
    name = lsp.TextDocumentIdentifier(uri=job)
    actions = await editor.text_document_code_action_async(
        lsp.CodeActionParams(
            name, problems[0].range, lsp.CodeActionContext(diagnostics=problems)
        )
    )
    assert actions[0].kind == lsp.CodeActionKind.QuickFix
    (edit,) = actions[0].edit.changes[job]
    assert edit.range == problems[0].range and edit.new_text == "pool", edit
    editor.text_document_did_change(change(job, 2, edit.range, edit.new_text))
    text = text.replace("pol", "pool")
    problems = await editor.problems(job, 2)
    assert not problems, problems

    items = await editor.text_document_completion_async(
        lsp.CompletionParams(name, at(text, "needs = ['"))
    )
    assert [item.label for item in items.items] == ["login"], items
    hover = await editor.text_document_hover_async(lsp.HoverParams(name, at(text, "nee")))
    assert hover.contents.value.startswith("Processes that must have passed"), hover
    (place,) = await editor.text_document_definition_async(
        lsp.DefinitionParams(name, at(text, "pool = 'n"))
    )
    assert place.uri == part.as_uri() and place.range.start == lsp.Position(0, 6), place
    places = await editor.text_document_references_async(
        lsp.ReferenceParams(
            text_document=name,
            position=at(text, "needs = ['log"),
            context=lsp.ReferenceContext(include_declaration=True),
        )
    )
    assert len(places) == 2, places

    # Columns count units of UTF-16, of which the crab has two.
    end = lsp.Position(5, 0)
    crab = "cwd = '\U0001f980{vars.x}'\n"
    editor.text_document_did_change(change(job, 3, lsp.Range(end, end), crab))
    problems = await editor.problems(job, 3)
    (problem,) = [problem for problem in problems if problem.code == "E108"]
    assert problem.range.start == lsp.Position(5, 9), problem

    await editor.shutdown_async(None)
    editor.exit(None)
    code = await editor._server.wait()
    assert code == 0, code


arguments = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
asyncio.run(asyncio.wait_for(talk(*arguments), DEADLINE))
print("all of it went as it should")
