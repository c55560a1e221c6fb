// The debugger: `soli dap`, and what F5 does without a launch.json.
"use strict"

const vscode = require("vscode")

const TYPE = "soli"

/**
 * @param {() => string} command
 * @returns {vscode.Disposable[]}
 */
function providers(command) {
  /** @type {vscode.DebugAdapterDescriptorFactory} */
  const adapter = {
    createDebugAdapterDescriptor: () => new vscode.DebugAdapterExecutable(command(), ["dap"]),
  }
  /** @type {vscode.DebugConfigurationProvider} */
  const configurations = {
    resolveDebugConfiguration(folder, configuration) {
      if (configuration.type || configuration.request || configuration.name) return configuration
      const document = vscode.window.activeTextEditor?.document
      if (document?.languageId !== TYPE) return undefined
      return { type: TYPE, request: "launch", name: "This file", program: document.uri.fsPath, cwd: folder?.uri.fsPath }
    },
  }
  return [
    vscode.debug.registerDebugAdapterDescriptorFactory(TYPE, adapter),
    vscode.debug.registerDebugConfigurationProvider(TYPE, configurations),
    vscode.commands.registerCommand("soli.goToEvent", goToEvent),
  ]
}

/** Choose one of the events of the recording that is debugged, and go to its begin. */
async function goToEvent() {
  const session = vscode.debug.activeDebugSession
  if (session?.type !== TYPE) return
  const { events, current } = await session.customRequest("soli/events")
  /** @type {(vscode.QuickPickItem & { index: number })[]} */
  const items = events.map((/** @type {any} */ one) => ({
    index: one.index,
    label: `${one.index === current ? "$(debug-stackframe) " : ""}${one.index}: ${one.kind} ${one.connection || ""}`,
    description: one.path,
    detail: one.message ?? undefined,
  }))
  const chosen = await vscode.window.showQuickPick(items, { placeHolder: "Go to the begin of an event" })
  if (chosen) await session.customRequest("soli/goto", { index: chosen.index })
}

module.exports = { providers }
