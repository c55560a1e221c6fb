// Tokenizes texts with our TextMate grammar as VS Code does: the same two libraries.
// In: a JSON array of texts. Out: for each a string of one letter per UTF-16 unit (see CATEGORIES).
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import oniguruma from "vscode-oniguruma"
import textmate from "vscode-textmate"

const require = createRequire(import.meta.url)
const GRAMMAR = new URL("../../editors/vscode/syntaxes/soli.tmLanguage.json", import.meta.url)
// The innermost scope that begins so decides.
const CATEGORIES = [
  ["punctuation.section.embedded", "i"],
  ["meta.embedded", "."],
  ["string", "s"],
  ["comment", "c"],
  ["constant.character.escape", "s"],
  ["constant.numeric", "n"],
  ["constant.other.symbol", "y"],
  ["constant.language", "k"],
  ["variable.language", "k"],
  ["keyword.operator.logical", "k"],
  ["keyword.declaration", "k"],
  ["keyword.control", "k"],
]

function category(scopes) {
  for (const scope of scopes.toReversed()) {
    const found = CATEGORIES.find(([prefix]) => scope.startsWith(prefix))
    if (found) return found[1]
    if (scope !== "source.soli") return "."
  }
  return "."
}

const wasm = readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"))
await oniguruma.loadWASM(wasm)
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () => textmate.parseRawGrammar(readFileSync(GRAMMAR, "utf8"), "soli.json"),
})
const grammar = await registry.loadGrammar("source.soli")

function categories(text) {
  let state = textmate.INITIAL
  return text.split("\n").map((line) => {
    const found = grammar.tokenizeLine(line, state)
    state = found.ruleStack
    const letters = found.tokens.map((token) =>
      category(token.scopes).repeat(Math.min(token.endIndex, line.length) - token.startIndex))
    return letters.join("")
  }).join("\n")
}

const texts = JSON.parse(readFileSync(0, "utf8"))
process.stdout.write(JSON.stringify(texts.map(categories)))
