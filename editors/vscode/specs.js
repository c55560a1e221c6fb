// Specs in VS Code: the test explorer, and the commands behind lenses.
"use strict"

const { execFile } = require("node:child_process")
const vscode = require("vscode")

const MAX_OUTPUT = 16 * 1024 * 1024
/** @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`

/** @typedef {(method: string, params: unknown) => Promise<any>} Ask gives null where there is no answer */

/**
 * The commands behind lenses, in a terminal. *path()* gives the command `soli`.
 * @param {() => string} path
 */
function commands(path) {
  /** @param {string} name @param {string} text */
  const type = (name, text) => {
    const terminal = vscode.window.createTerminal(name)
    terminal.show()
    terminal.sendText(text)
  }
  return [
    vscode.commands.registerCommand("soli.runSpec", (file, name) =>
      type("Soli specs", `${quoted(path())} test ${quoted(file)} --filter ${quoted(name)}`)),
    vscode.commands.registerCommand("soli.tryInRepl", (file) =>
      type("Soli", `${quoted(path())} repl ${quoted(file)}`)),
  ]
}

/**
 * The test explorer: specs as the language server finds them in open files, run by `soli test`.
 * @param {() => string} path
 * @param {Ask} ask
 */
function explorer(path, ask) {
  const controller = vscode.tests.createTestController("soli", "Soli")
  controller.createRunProfile("Run", vscode.TestRunProfileKind.Run, (request) => run(controller, path, request), true)

  /** @param {vscode.TextDocument} document */
  async function look(document) {
    if (document.languageId !== "soli") return
    const uri = document.uri.toString()
    const found = await ask("textDocument/codeLens", { textDocument: { uri } })
    const specs = (found ?? []).filter((/** @type {any} */ one) => one.command.command === "soli.runSpec")
    if (!specs.length) return controller.items.delete(uri)
    const file = controller.createTestItem(uri, document.uri.fsPath.split(/[\\/]/).pop() ?? uri, document.uri)
    for (const { range: { start, end }, command } of specs) {
      const name = command.arguments[1]
      const item = controller.createTestItem(`${uri}\n${name}`, name, document.uri)
      item.range = new vscode.Range(start.line, start.character, end.line, end.character)
      file.children.add(item)
    }
    controller.items.add(file)
  }
  return [
    controller,
    vscode.workspace.onDidSaveTextDocument(look),
    vscode.workspace.onDidOpenTextDocument(look),
  ]
}

/**
 * @param {vscode.TestController} controller
 * @param {() => string} path
 * @param {vscode.TestRunRequest} request
 */
async function run(controller, path, request) {
  const run = controller.createTestRun(request)
  const items = request.include ?? [...controller.items].map(([, item]) => item)
  for (const item of items) {
    if (!item.uri) continue // each has one: `look` gave it
    const [, name] = item.id.split("\n")
    run.started(item)
    const report = await specs(path(), item.uri.fsPath, name)
    tell(run, item, report, name)
  }
  run.end()
}

/**
 * @typedef {{ name: string, status: string, seconds: number, message?: string, detail?: string }} Test
 * @typedef {{ passed: number, failed: number, files: { tests: Test[] }[], complaint?: string }} Report
 */

/**
 * @param {string} path
 * @param {string} file
 * @param {string | undefined} name
 * @returns {Promise<Report>}
 */
function specs(path, file, name) {
  const filter = name ? ["--filter", name] : []
  return new Promise((resolve) => {
    execFile(path, ["test", file, "--format", "json", ...filter], { maxBuffer: MAX_OUTPUT }, (error, output, complaint) => {
      try {
        resolve(JSON.parse(output))
      } catch {
        resolve({ passed: 0, failed: 1, files: [], complaint: complaint || String(error) })
      }
    })
  })
}

/**
 * Passed and failed, each test of a file, or the one that was asked for.
 * @param {vscode.TestRun} run
 * @param {vscode.TestItem} item
 * @param {Report} report
 * @param {string | undefined} name
 */
function tell(run, item, report, name) {
  const tests = report.files.flatMap((one) => one.tests)
  for (const one of tests) {
    const child = name ? item : item.children.get(`${item.id}\n${one.name}`)
    if (!child || (name && one.name !== name)) continue
    const ms = one.seconds * 1000
    if (one.status === "passed") run.passed(child, ms)
    else if (one.status === "failed") run.failed(child, new vscode.TestMessage(`${one.message}\n${one.detail ?? ""}`), ms)
    else run.skipped(child)
  }
  if (report.complaint) run.errored(item, new vscode.TestMessage(report.complaint))
  else if (!report.failed) run.passed(item)
  else if (!tests.some((one) => one.name === name)) run.failed(item, new vscode.TestMessage(`${report.failed} failed`))
}

module.exports = { commands, explorer }
