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
const run = { passed: [], failed: [] }
const seen = { typed: [], items: new Map(), providers: {}, listeners: {}, diagnostics: new Map(), warnings: [], commands: {} }
const disposable = { dispose() {} }

class Range {
  constructor(...numbers) { this.numbers = numbers }
}
const plain = (...names) => class { constructor(...values) { names.forEach((name, i) => { this[name] = values[i] }) } }
const rememberAs = (kind) => (provider) => { seen.providers[kind] = provider; return disposable }
const remember = (kind) => (language, provider) => { seen.providers[kind] = provider; return disposable }
const listen = (name) => (listener) => {
  const before = seen.listeners[name]
  seen.listeners[name] = (event) => { before?.(event); return listener(event) }
  return disposable
}
const collection = () => {
  const items = new Map()
  return {
    items, add: (one) => items.set(one.id, one), get: (id) => items.get(id), delete: (id) => items.delete(id),
    [Symbol.iterator]: () => items[Symbol.iterator](),
  }
}
const controller = {
  items: collection(),
  createTestItem: (id, label, uri) => ({ id, label, uri, children: collection() }),
  createRunProfile: (name, kind, start) => { seen.runSpecs = start },
  createTestRun: () => ({
    started() {}, end() {}, skipped() {}, errored: (item, message) => run.failed.push([item.label, message.message]),
    passed: (item) => run.passed.push(item.label), failed: (item, message) => run.failed.push([item.label, message.message]),
  }),
  ...disposable,
}

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
  DocumentHighlight: plain("range", "kind"),
  SymbolInformation: plain("name", "kind", "containerName", "location"),
  CodeAction: plain("title", "kind"),
  CodeActionKind: { QuickFix: "quickfix", SourceFixAll: "source.fixAll" },
  CodeLens: plain("range", "command"),
  FoldingRange: plain("start", "end", "kind"),
  FoldingRangeKind: { Comment: 1, Imports: 2 },
  InlayHint: plain("position", "label", "kind"),
  InlayHintKind: { Type: 1 },
  Position: plain("line", "character"),
  SelectionRange: plain("range", "parent"),
  SemanticTokens: plain("data"),
  SemanticTokensLegend: plain("types", "modifiers"),
  SnippetString: plain("value"),
  TestMessage: plain("message"),
  TestRunProfileKind: { Run: 1 },
  tests: { createTestController: () => controller },
  WorkspaceEdit: class { constructor() { this.edits = [] } set(uri, edits) { this.edits.push([uri, edits]) } },
  Uri: { parse: (text) => ({ toString: () => text }) },
  DebugAdapterExecutable: class { constructor(command, args) { Object.assign(this, { command, args }) } },
  debug: {
    registerDebugAdapterDescriptorFactory: (type, factory) => { seen.adapter = factory; return disposable },
    registerDebugConfigurationProvider: (type, provider) => { seen.configurations = provider; return disposable },
  },
  commands: { registerCommand: (name, run) => { seen.commands[name] = run; return disposable } },
  window: {
    showWarningMessage: (text) => seen.warnings.push(text),
    createTerminal: () => ({ show() {}, sendText: (text) => seen.typed.push(text) }),
  },
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
    registerReferenceProvider: remember("references"),
    registerDocumentHighlightProvider: remember("highlights"),
    registerWorkspaceSymbolProvider: rememberAs("workspaceSymbols"),
    registerCodeActionsProvider: remember("actions"),
    registerDocumentSemanticTokensProvider: remember("colors"),
    registerFoldingRangeProvider: remember("folds"),
    registerSelectionRangeProvider: remember("selections"),
    registerInlayHintsProvider: remember("hints"),
    registerCodeLensProvider: remember("lenses"),
    registerDocumentRangeFormattingEditProvider: remember("rangeFormatting"),
    registerOnTypeFormattingEditProvider: remember("onType"),
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
  const range = { start: place(0, 1), end: place(0, 4) }
  seen.listeners.change({ document, contentChanges: [{ range, text: "rint" }] })
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
  await assert.rejects(seen.providers.rename.prepareRename(document, place(2, 1)), /no name/)
  const edits = await seen.providers.formatting.provideDocumentFormattingEdits(document, { tabSize: 2, insertSpaces: true })
  assert.equal(edits.length, 1)
  const [symbol] = await seen.providers.symbols.provideDocumentSymbols(document)
  assert.equal(symbol.name, "f")
  assert.equal(symbol.kind, 11) // SymbolKind.Function, counted from 0
})

test("uses, fixes, colors, folds, types", async () => {
  const document = typed("def f(a)\n  b = \"a\".upcase\n  b\nend\nprnt(f(1))\n")
  const where = { start: place(0, 0), end: place(9, 0) }
  const uses = await seen.providers.references.provideReferences(document, place(0, 4), { includeDeclaration: true })
  assert.deepEqual(uses.map((one) => one.range.numbers), [[0, 4, 0, 5], [4, 5, 4, 6]])
  const marks = await seen.providers.highlights.provideDocumentHighlights(document, place(1, 2))
  assert.deepEqual(marks.map((one) => one.kind), [2, 1])
  const actions = await seen.providers.actions.provideCodeActions(document, { start: place(4, 1), end: place(4, 1) }, {})
  assert.equal(actions[0].edit.edits[0][1][0].newText, "print")
  const { data } = await seen.providers.colors.provideDocumentSemanticTokens(document)
  assert.equal(data.length % 5, 0)
  assert.ok(data.length > 20)
  const [fold] = await seen.providers.folds.provideFoldingRanges(document)
  assert.deepEqual([fold.start, fold.end], [0, 2])
  const [grown] = await seen.providers.selections.provideSelectionRanges(document, [place(1, 6)])
  assert.ok(grown.parent.parent)
  const hints = await seen.providers.hints.provideInlayHints(document, where)
  assert.ok(hints.some((one) => one.label === ": String"))
  const symbols = await seen.providers.workspaceSymbols.provideWorkspaceSymbols("handle")
  assert.ok(symbols.some((one) => one.name === "handle"))
})

test("layout while typing", async () => {
  const document = typed("def f\n  if a\n    1\n    end\nend\n")
  const [edit] = await seen.providers.onType.provideOnTypeFormattingEdits(document, place(3, 7), "d", { tabSize: 2, insertSpaces: true })
  assert.deepEqual([edit.range.numbers, edit.newText], [[3, 0, 3, 4], "  "])
})

test("specs are run from the explorer and from lenses", async () => {
  const fs = await import("node:fs")
  const path = `${process.env.ROOT}/tests/sums_spec.soli`
  const text = 'describe("sums") do\n  test("adds") do\n    expect(2).to_equal(2)\n  end\n  test("fails") do\n    expect(1).to_equal(2)\n  end\nend\n'
  fs.mkdirSync(`${process.env.ROOT}/tests`, { recursive: true })
  fs.writeFileSync(path, text)
  const uri = { toString: () => pathToFileURL(path).href, fsPath: path }
  const document = { languageId: "soli", version: 1, uri, getText: () => text }
  await seen.listeners.open(document)
  const file = await until(() => controller.items.get(uri.toString()))
  const names = [...file.children].map(([, one]) => one.label)
  assert.deepEqual(names, ["sums", "sums › adds", "sums › fails"])
  await seen.runSpecs({ include: [file] })
  assert.ok(run.passed.includes("sums › adds"))
  assert.match(run.failed.find(([label]) => label === "sums › fails")[1], /Expected 1 to equal 2/)
  const lenses = await seen.providers.lenses.provideCodeLenses(document)
  seen.commands["soli.runSpec"](...lenses[1].command.arguments)
  assert.match(seen.typed[0], /test '.*sums_spec.soli' --filter 'sums › adds'$/)
  seen.commands["soli.tryInRepl"]("it's")
  assert.match(seen.typed[1], /repl 'it'\\''s'$/)
})

test("F5 debugs the open file by soli dap", () => {
  const { command, args } = seen.adapter.createDebugAdapterDescriptor()
  assert.equal(command, settings["server.path"] ?? "soli")
  assert.deepEqual(args, ["dap"])
  vscode.window.activeTextEditor = { document: { languageId: "soli", uri: { fsPath: "/app/a.soli" } } }
  const made = seen.configurations.resolveDebugConfiguration({ uri: { fsPath: "/app" } }, {})
  assert.deepEqual(made, { type: "soli", request: "launch", name: "This file", program: "/app/a.soli", cwd: "/app" })
  vscode.window.activeTextEditor = undefined
  assert.equal(seen.configurations.resolveDebugConfiguration(undefined, {}), undefined)
})

test("without a server it says what to do, and answers nothing", async () => {
  settings["server.path"] = "/no/such/soli"
  await seen.commands["soli.restart"]()
  const [warning] = await until(() => seen.warnings.length && seen.warnings)
  assert.match(warning, /soli-lang\[lsp\]/)
  assert.equal(await seen.providers.hover.provideHover(typed("print(1)"), place(0, 1)), null)
})
