// What VS Code asks, put to `soli lsp`, and its answers in VS Code's classes.
"use strict"

const vscode = require("vscode")
const { Client } = require("./client.js")
const debug = require("./debug.js")
const specs = require("./specs.js")
const views = require("./views.js")
const { range, workspaceEdit, written } = views

const LANGUAGE = "soli"
/** @type {Client} */
let client

/** @param {vscode.ExtensionContext} context */
async function activate(context) {
  context.subscriptions.push(vscode.commands.registerCommand("soli.restart", restart))
  const diagnostics = vscode.languages.createDiagnosticCollection(LANGUAGE)
  /** @type {specs.Ask} */
  const quietly = (method, params) => client.request(method, params).catch(() => null)
  context.subscriptions.push(diagnostics, ...listeners(), ...providers(), ...views.providers(LANGUAGE, quietly))
  context.subscriptions.push(...debug.providers(command))
  context.subscriptions.push(...specs.commands(command), ...specs.explorer(command, quietly))
  async function restart() {
    await client?.stop()
    diagnostics.clear()
    await start(diagnostics)
  }
  await start(diagnostics)
}

async function deactivate() {
  await client?.stop()
}

/** The command `soli`. */
function command() {
  return vscode.workspace.getConfiguration("soli").get("server.path") || "soli"
}

/** @param {vscode.DiagnosticCollection} diagnostics */
async function start(diagnostics) {
  const path = command()
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri
  const defined = /** @type {string[]} */ (vscode.workspace.getConfiguration("soli").get("define") || [])
  client = new Client(path, ["lsp", ...defined.flatMap((one) => ["--define", one])], folder?.fsPath, (error) => {
    vscode.window.showWarningMessage(
      `Soli: there are only colours, for "${path} lsp" does not run: ${error.message}. ` +
      'Install it with pip install "soli-lang[lsp]", or set soli.server.path.')
  })
  client.on("textDocument/publishDiagnostics", ({ uri, diagnostics: found }) => {
    diagnostics.set(vscode.Uri.parse(uri), found.map(diagnostic))
  })
  client.on("soli/saved", saved)
  try {
    await client.request("initialize", {
      processId: process.pid, rootUri: folder?.toString() ?? null, capabilities: {},
    })
  } catch {
    return // the warning said why
  }
  client.notify("initialized", {})
  vscode.workspace.textDocuments.forEach(opened)
}

/**
 * What a save changes of the last events, where `soli run --dev` runs.
 * @param {{ headline: string, changes: { head: string, keep: string }[] }} news
 */
async function saved({ headline, changes }) {
  if (changes.length === 0) {
    vscode.window.setStatusBarMessage(`Soli: ${headline}`, 5000)
    return
  }
  const first = changes[0]
  const keep = "Keep as Spec"
  const chosen = await vscode.window.showInformationMessage(`${headline}: ${first.head}`, keep)
  if (chosen !== keep) return
  const terminal = vscode.window.createTerminal("Soli")
  terminal.show()
  terminal.sendText(first.keep, false) // to be looked at, and confirmed
}

// --- documents --------------------------------------------------------------------------------

/** @param {vscode.TextDocument} document */
const isOurs = (document) => document.languageId === LANGUAGE

/** @param {vscode.TextDocument} document */
function opened(document) {
  if (!isOurs(document)) return
  client.notify("textDocument/didOpen", {
    textDocument: {
      uri: document.uri.toString(), languageId: LANGUAGE, version: document.version, text: document.getText(),
    },
  })
}

function listeners() {
  const { workspace } = vscode
  return [
    workspace.onDidOpenTextDocument(opened),
    workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (!isOurs(document) || !contentChanges.length) return
      client.notify("textDocument/didChange", {
        textDocument: { uri: document.uri.toString(), version: document.version },
        contentChanges: contentChanges.map(({ range: where, text }) => ({ range: written(where), text })),
      })
    }),
    workspace.onDidSaveTextDocument((document) => {
      if (isOurs(document)) client.notify("textDocument/didSave", { textDocument: { uri: document.uri.toString() } })
    }),
    workspace.onDidCloseTextDocument((document) => {
      if (isOurs(document)) client.notify("textDocument/didClose", { textDocument: { uri: document.uri.toString() } })
    }),
  ]
}

// --- questions --------------------------------------------------------------------------------

/** @param {vscode.TextDocument} document @param {vscode.Position} position */
const at = (document, position) => ({
  textDocument: { uri: document.uri.toString() },
  position: { line: position.line, character: position.character },
})

/** @param {string} method @param {unknown} params */
function ask(method, params) {
  return client.request(`textDocument/${method}`, params)
}

/**
 * An answer that nobody waits for in person: without a server there is none.
 * @param {string} method
 * @param {unknown} params
 */
function askQuietly(method, params) {
  return ask(method, params).catch(() => null)
}

function providers() {
  const { languages } = vscode
  return [
    languages.registerCompletionItemProvider(LANGUAGE, {
      provideCompletionItems: async (document, position) => {
        const found = await askQuietly("completion", at(document, position))
        return found && new vscode.CompletionList(found.items.map(completionItem), found.isIncomplete)
      },
    }, ".", '"', "'", "#", "/"),
    languages.registerHoverProvider(LANGUAGE, {
      provideHover: async (document, position) => {
        const found = await askQuietly("hover", at(document, position))
        return found && new vscode.Hover(new vscode.MarkdownString(found.contents.value), range(found.range))
      },
    }),
    languages.registerSignatureHelpProvider(LANGUAGE, {
      provideSignatureHelp: async (document, position) => {
        const found = await askQuietly("signatureHelp", at(document, position))
        return found && signatureHelp(found)
      },
    }, "(", ","),
    languages.registerDefinitionProvider(LANGUAGE, {
      provideDefinition: async (document, position) => {
        const found = await askQuietly("definition", at(document, position))
        return found && new vscode.Location(vscode.Uri.parse(found.uri), range(found.range))
      },
    }),
    languages.registerRenameProvider(LANGUAGE, {
      prepareRename: async (document, position) => range(await ask("prepareRename", at(document, position))),
      provideRenameEdits: async (document, position, newName) => {
        const found = await ask("rename", { ...at(document, position), newName })
        return workspaceEdit(found)
      },
    }),
    languages.registerDocumentFormattingEditProvider(LANGUAGE, {
      provideDocumentFormattingEdits: async (document, options) => {
        const found = await askQuietly("formatting", { textDocument: { uri: document.uri.toString() }, options })
        return (found ?? []).map(textEdit)
      },
    }),
    languages.registerDocumentSymbolProvider(LANGUAGE, {
      provideDocumentSymbols: async (document) => {
        const found = await askQuietly("documentSymbol", { textDocument: { uri: document.uri.toString() } })
        return (found ?? []).map(symbol)
      },
    }),
  ]
}

// --- answers: the protocol counts kinds from 1, VS Code from 0 ----------------------------------

/** @param {views.Edit} edit */
const textEdit = (edit) => new vscode.TextEdit(range(edit.range), edit.newText)

/**
 * @param {any} found
 * @returns {vscode.Diagnostic}
 */
function diagnostic(found) {
  const one = new vscode.Diagnostic(range(found.range), found.message, found.severity - 1)
  one.code = found.code
  one.source = found.source
  one.tags = found.tags
  return one
}

/**
 * @param {any} found
 * @returns {vscode.CompletionItem}
 */
function completionItem(found) {
  const item = new vscode.CompletionItem(found.label, found.kind - 1)
  item.detail = found.detail
  item.range = range(found.textEdit.range)
  item.insertText = found.textEdit.newText
  if (found.documentation) item.documentation = new vscode.MarkdownString(found.documentation.value)
  return item
}

/**
 * @param {any} found
 * @returns {vscode.SignatureHelp}
 */
function signatureHelp(found) {
  const help = new vscode.SignatureHelp()
  help.signatures = found.signatures.map((/** @type {any} */ one) => {
    const text = one.documentation && new vscode.MarkdownString(one.documentation.value)
    const signature = new vscode.SignatureInformation(one.label, text)
    signature.parameters = one.parameters.map((/** @type {any} */ { label }) => new vscode.ParameterInformation(label))
    return signature
  })
  help.activeSignature = found.activeSignature
  help.activeParameter = found.activeParameter
  return help
}

/**
 * @param {any} found
 * @returns {vscode.DocumentSymbol}
 */
function symbol(found) {
  const one = new vscode.DocumentSymbol(
    found.name, "", found.kind - 1, range(found.range), range(found.selectionRange))
  one.children = found.children.map(symbol)
  return one
}

module.exports = { activate, deactivate }
