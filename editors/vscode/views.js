// Uses, fixes, colours, folds, types and lenses: what VS Code asks of `soli lsp` beside the basics.
"use strict"

const vscode = require("vscode")

/**
 * What the protocol has, as it comes from the server.
 * @typedef {{ start: vscode.Position, end: vscode.Position }} Place
 * @typedef {{ range: Place, newText: string }} Edit
 * @typedef {{ uri: string, range: Place }} There
 * @typedef {{ range: Place, parent?: Nested }} Nested
 * @typedef {import("./specs.js").Ask} Ask
 */

/** @param {Place} place */
const range = ({ start, end }) => new vscode.Range(start.line, start.character, end.line, end.character)
/** @param {Place} place */
const written = ({ start, end }) => ({
  start: { line: start.line, character: start.character }, end: { line: end.line, character: end.character },
})
/** @param {There} one */
const location = (one) => new vscode.Location(vscode.Uri.parse(one.uri), range(one.range))
/** @param {vscode.TextDocument} document */
const whole = (document) => ({ textDocument: { uri: document.uri.toString() } })

/** @param {{ changes: Record<string, Edit[]> }} found */
function workspaceEdit(found) {
  const edit = new vscode.WorkspaceEdit()
  for (const [uri, edits] of Object.entries(found.changes))
    edit.set(vscode.Uri.parse(uri), edits.map((one) => new vscode.TextEdit(range(one.range), one.newText)))
  return edit
}

/**
 * @param {vscode.TextDocument} document
 * @param {vscode.Position} position
 */
function at(document, position) {
  return { ...whole(document), position: { line: position.line, character: position.character } }
}

/**
 * The providers.
 * @param {string} language
 * @param {Ask} ask
 */
function providers(language, ask) {
  const { languages } = vscode
  return [
    languages.registerReferenceProvider(language, {
      provideReferences: async (document, position, context) => {
        const found = await ask("textDocument/references", { ...at(document, position), context })
        return (found ?? []).map(location)
      },
    }),
    languages.registerDocumentHighlightProvider(language, {
      provideDocumentHighlights: async (document, position) => {
        const found = await ask("textDocument/documentHighlight", at(document, position))
        return (found ?? []).map((/** @type {any} */ one) => new vscode.DocumentHighlight(range(one.range), one.kind - 1))
      },
    }),
    languages.registerWorkspaceSymbolProvider({
      provideWorkspaceSymbols: async (query) => {
        const found = await ask("workspace/symbol", { query })
        return (found ?? []).map((/** @type {any} */ one) =>
          new vscode.SymbolInformation(one.name, one.kind - 1, one.containerName ?? "", location(one.location)))
      },
    }),
    languages.registerCodeActionsProvider(language, {
      provideCodeActions: async (document, where, context) => {
        const only = context.only ? [context.only.value] : undefined
        const found = await ask("textDocument/codeAction", {
          ...whole(document), range: written(where), context: { diagnostics: [], only },
        })
        return (found ?? []).map(codeAction)
      },
    }),
    ...shown(language, ask),
    ...laidOut(language, ask),
  ]
}

/** @param {{ title: string, kind: string, edit: { changes: Record<string, Edit[]> }, isPreferred?: boolean }} found */
function codeAction(found) {
  const kind = found.kind === "quickfix" ? vscode.CodeActionKind.QuickFix : vscode.CodeActionKind.SourceFixAll
  const action = new vscode.CodeAction(found.title, kind)
  action.edit = workspaceEdit(found.edit)
  action.isPreferred = found.isPreferred
  return action
}

/**
 * What is shown of a whole text.
 * @param {string} language
 * @param {Ask} ask
 */
function shown(language, ask) {
  const { languages } = vscode
  const legend = new vscode.SemanticTokensLegend(
    ["namespace", "class", "enum", "interface", "parameter", "variable", "property", "enumMember", "function", "method", "type"],
    ["declaration", "readonly", "defaultLibrary"])
  return [
    languages.registerDocumentSemanticTokensProvider(language, {
      provideDocumentSemanticTokens: async (document) => {
        const found = await ask("textDocument/semanticTokens/full", whole(document))
        return found && new vscode.SemanticTokens(new Uint32Array(found.data))
      },
    }, legend),
    languages.registerFoldingRangeProvider(language, {
      provideFoldingRanges: async (document) => {
        /** @type {Record<string, vscode.FoldingRangeKind>} */
        const kinds = { comment: vscode.FoldingRangeKind.Comment, imports: vscode.FoldingRangeKind.Imports }
        const found = await ask("textDocument/foldingRange", whole(document))
        return (found ?? []).map((/** @type {any} */ one) => new vscode.FoldingRange(one.startLine, one.endLine, kinds[one.kind]))
      },
    }),
    languages.registerSelectionRangeProvider(language, {
      provideSelectionRanges: async (document, positions) => {
        const places = positions.map(({ line, character }) => ({ line, character }))
        const found = await ask("textDocument/selectionRange", { ...whole(document), positions: places })
        return (found ?? []).map(selection)
      },
    }),
    languages.registerInlayHintsProvider(language, {
      provideInlayHints: async (document, where) => {
        const found = await ask("textDocument/inlayHint", { ...whole(document), range: written(where) })
        return (found ?? []).map((/** @type {any} */ { position, label }) =>
          new vscode.InlayHint(new vscode.Position(position.line, position.character), label, vscode.InlayHintKind.Type))
      },
    }),
    languages.registerCodeLensProvider(language, {
      provideCodeLenses: async (document) => {
        const found = await ask("textDocument/codeLens", whole(document))
        return (found ?? []).map((/** @type {any} */ one) => new vscode.CodeLens(range(one.range), one.command))
      },
    }),
  ]
}

/**
 * @param {Nested} found
 * @returns {vscode.SelectionRange}
 */
function selection(found) {
  return new vscode.SelectionRange(range(found.range), found.parent && selection(found.parent))
}

/**
 * Layout while one types, and of a selection.
 * @param {string} language
 * @param {Ask} ask
 */
function laidOut(language, ask) {
  const { languages } = vscode
  return [
    languages.registerDocumentRangeFormattingEditProvider(language, {
      provideDocumentRangeFormattingEdits: async (document, where, options) => {
        const found = await ask("textDocument/rangeFormatting", { ...whole(document), range: written(where), options })
        return (found ?? []).map((/** @type {any} */ one) => new vscode.TextEdit(range(one.range), one.newText))
      },
    }),
    languages.registerOnTypeFormattingEditProvider(language, {
      provideOnTypeFormattingEdits: async (document, position, ch, options) => {
        const found = await ask("textDocument/onTypeFormatting", { ...at(document, position), ch, options })
        return typed(found ?? [])
      },
    }, "\n", "d", "e", "f", "h", "y", "}", "]", ")"),
  ]
}

/**
 * At the end of a text `end` goes behind the cursor, as a snippet: an edit would take it along.
 * @param {Edit[]} found
 */
function typed(found) {
  const [last] = found
  const editor = vscode.window.activeTextEditor
  if (found.length === 1 && last.newText.includes("\n") && editor) {
    const [indent, below] = last.newText.split("\n")
    editor.insertSnippet(new vscode.SnippetString(`${indent}$0\n${below}`), range(last.range), { undoStopBefore: false, undoStopAfter: false })
    return []
  }
  return found.map((one) => new vscode.TextEdit(range(one.range), one.newText))
}

module.exports = { providers, range, workspaceEdit, written }
