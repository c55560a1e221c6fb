// The VS Code extension, in a `vscode` module that only remembers, against a real `soli lsp`.
// SOLI: the command. ROOT: a folder with an app.
import assert from "node:assert/strict"
import { createRequire } from "node:module"
import Module from "node:module"
import { after, before, test } from "node:test"
import { pathToFileURL } from "node:url"

const require = createRequire(import.meta.url)
const settings = { "server.path": process.env.SOLI }
const root = pathToFileURL(process.env.ROOT).href
const seen = { providers: {}, listeners: {}, diagnostics: new Map(), warnings: [], commands: {} }
const disposable = { dispose() {} }

class Range {
  constructor(...numbers) { this.numbers = numbers }
}
const plain = (...names) => class { constructor(...values) { names.forEach((name, i) => { this[name] = values[i] }) } }
const remember = (kind) => (language, provider) => { seen.providers[kind] = provider; return disposable }
const listen = (name) => (listener) => { seen.listeners[name] = listener; return disposable }

const vscode = {
  Range,
  TextEdit: plain("range", "newText"),
  Diagnostic: plain("range", "message", "severity"),
  CompletionItem: plain("label", "kind"),
  CompletionList: plain("items", "isIncomplete"),
  MarkdownString: plain("value"),
  Hover: plain("contents", "range"),
  Location: plain("uri", "range"),
  SignatureHelp: plain(),
  SignatureInformation: plain("label", "documentation"),
  ParameterInformation: plain("label"),
  DocumentSymbol: plain("name", "detail", "kind", "range", "selectionRange"),
  WorkspaceEdit: class { constructor() { this.edits = [] } set(uri, edits) { this.edits.push([uri, edits]) } },
  Uri: { parse: (text) => ({ toString: () => text }) },
  commands: { registerCommand: (name, run) => { seen.commands[name] = run; return disposable } },
  window: { showWarningMessage: (text) => seen.warnings.push(text) },
  workspace: {
    textDocuments: [],
    workspaceFolders: [{ uri: { fsPath: process.env.ROOT, toString: () => root } }],
    getConfiguration: () => ({ get: (name) => settings[name] }),
    onDidOpenTextDocument: listen("open"),
    onDidChangeTextDocument: listen("change"),
    onDidSaveTextDocument: listen("save"),
    onDidCloseTextDocument: listen("close"),
  },
  languages: {
    createDiagnosticCollection: () => ({
      set: (uri, found) => seen.diagnostics.set(uri.toString(), found), clear() { seen.diagnostics.clear() }, ...disposable,
    }),
    registerCompletionItemProvider: remember("completion"),
    registerHoverProvider: remember("hover"),
    registerSignatureHelpProvider: remember("signature"),
    registerDefinitionProvider: remember("definition"),
    registerRenameProvider: remember("rename"),
    registerDocumentFormattingEditProvider: remember("formatting"),
    registerDocumentSymbolProvider: remember("symbols"),
  },
}
const load = Module._load
Module._load = (name, ...rest) => (name === "vscode" ? vscode : load(name, ...rest))
const extension = require("../../editors/vscode/extension.js")

let count = 0
function typed(text) {
  const uri = `${root}/app/controllers/new${++count}.soli`
  const document = { languageId: "soli", version: 1, text, uri: { toString: () => uri }, getText: () => document.text }
  seen.listeners.open(document)
  return document
}
async function until(check) {
  for (let i = 0; i < 1000; i++) {
    const found = check()
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error("it never was so")
}
const place = (line, character) => ({ line, character })

before(() => extension.activate({ subscriptions: [] }))
after(() => extension.deactivate())

test("errors, and their end", async () => {
  const document = typed("prnt(1)\n")
  const uri = document.uri.toString()
  const [found] = await until(() => seen.diagnostics.get(uri))
  assert.equal(found.code, "unknown-name")
  assert.equal(found.severity, 0)
  assert.deepEqual(found.range.numbers, [0, 0, 0, 4])
  document.text = "print(1)\n"
  seen.listeners.change({ document })
  await until(() => seen.diagnostics.get(uri).length === 0)
})

test("completion, hover, arguments", async () => {
  const document = typed('x = "a".trim\nprint(x.up)\n')
  const list = await seen.providers.completion.provideCompletionItems(document, place(1, 10))
  const item = list.items.find((one) => one.label === "upcase")
  assert.deepEqual(item.range.numbers, [1, 8, 1, 10])
  const hover = await seen.providers.hover.provideHover(document, place(0, 10))
  assert.match(hover.contents.value, /String\.trim/)
  const help = await seen.providers.signature.provideSignatureHelp(document, place(1, 6))
  assert.match(help.signatures[0].label, /^print/)
})

test("definition, rename, format, outline", async () => {
  const document = typed("def f( a )\n  a\nend\n")
  const there = await seen.providers.definition.provideDefinition(document, place(1, 2))
  assert.deepEqual(there.range.numbers, [0, 7, 0, 8])
  const edit = await seen.providers.rename.provideRenameEdits(document, place(1, 2), "b")
  assert.equal(edit.edits[0][1].length, 2)
  await assert.rejects(seen.providers.rename.prepareRename(document, place(0, 5)), /whole file|no/)
  const edits = await seen.providers.formatting.provideDocumentFormattingEdits(document, { tabSize: 2, insertSpaces: true })
  assert.equal(edits.length, 1)
  const [symbol] = await seen.providers.symbols.provideDocumentSymbols(document)
  assert.equal(symbol.name, "f")
  assert.equal(symbol.kind, 11) // SymbolKind.Function, counted from 0
})

test("without a server it says what to do, and answers nothing", async () => {
  settings["server.path"] = "/no/such/soli"
  await seen.commands["soli.restart"]()
  const [warning] = await until(() => seen.warnings.length && seen.warnings)
  assert.match(warning, /soli-lang\[lsp\]/)
  assert.equal(await seen.providers.hover.provideHover(typed("print(1)"), place(0, 1)), null)
})
