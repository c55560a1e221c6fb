"""Neovim and Emacs as Debian has them, set up as docs/editors.md says, work with `soli lsp`.

They are asked in their own words: what they make of the answers is what people see.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ..support.corpus import ROOT

PAGE = (ROOT / "docs" / "editors.md").read_text("utf-8")
NVIM, EMACS = shutil.which("nvim"), shutil.which("emacs")
EGLOT = any(Path("/usr/share/emacs/site-lisp/elpa").glob("eglot-*")) or any(
    Path("/usr/share/emacs").glob("[23][0-9].*/lisp/progmodes/eglot.el*")
)
SECONDS = 150

MAIN = """import { shout } from "./words"

def first(name)
  shout("😀 " + name)
end

def second(name)
  shout(name) + "shout"
end
"""
WORDS = """# Says it louder.
export def shout(text: String) -> String
  text.upcase
end
"""
RENAMED = MAIN.replace("shout(", "yell(").replace("{ shout }", "{ yell }")


def snippet(after: str) -> str:
    """The first block of code behind a sentence of the page."""
    found = re.compile(r"```\w+\n(.*?)```", re.DOTALL).search(PAGE, PAGE.index(after))
    assert found is not None
    return found[1]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    root = tmp_path / "app"
    root.mkdir()
    (root / "main.soli").write_text(MAIN, "utf-8")
    (root / "words.soli").write_text(WORDS, "utf-8")
    return root


def ran(command: list[str], app: Path, tmp_path: Path) -> Any:
    """What a script of the editor wrote to `out.json`."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "OUT": str(tmp_path / "out.json"),
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        command, cwd=app, env=environment, capture_output=True, text=True, timeout=SECONDS
    )
    out = tmp_path / "out.json"
    assert out.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads(out.read_text("utf-8"))


# --- Neovim --------------------------------------------------------------------------------------

IN_NEOVIM = r"""
local function wait(what) assert(vim.wait(60000, what, 50), "waited too long") end
local function ask(method, params)
  local answers = vim.lsp.buf_request_sync(0, "textDocument/" .. method, params, 60000)
  for _, one in pairs(answers or {}) do
    assert(not one.error, vim.inspect(one.error))
    return one.result
  end
end
local out = {}
local ok, fault = pcall(function()
  vim.cmd("edit main.soli")
  wait(function() return #vim.lsp.buf_get_clients(0) > 0 end)
  wait(function()
    local client = vim.lsp.get_active_clients()[1]
    return client and client.initialized
  end)
  vim.api.nvim_win_set_cursor(0, { 4, 3 })
  local here = vim.lsp.util.make_position_params()
  out.hover = ask("hover", here).contents.value
  here.context = { includeDeclaration = true }
  out.references = #ask("references", here)
  out.highlights = #ask("documentHighlight", vim.lsp.util.make_position_params())
  out.symbols = #ask("documentSymbol", { textDocument = here.textDocument })
  -- behind a wide character, in pieces, as it is typed
  vim.api.nvim_buf_set_text(0, 3, 13, 3, 13, { "é", "  + prnt(" })
  wait(function() return #vim.diagnostic.get(0) > 0 end)
  vim.api.nvim_buf_set_text(0, 3, 13, 4, 9, { "" })
  wait(function() return #vim.diagnostic.get(0) == 0 end)
  vim.api.nvim_buf_set_lines(0, -1, -1, false, { "prnt(1)" })
  wait(function() return #vim.diagnostic.get(0) > 0 end)
  local found = vim.diagnostic.get(0)[1]
  out.diagnostic = { found.lnum, found.col, found.message }
  local line = vim.api.nvim_buf_line_count(0) - 1
  local spot = { line = line, character = 1 }
  local actions = ask("codeAction", {
    textDocument = here.textDocument, range = { start = spot, ["end"] = spot },
    context = { diagnostics = {} },
  })
  vim.lsp.util.apply_workspace_edit(actions[1].edit, "utf-16")
  out.fixed = vim.api.nvim_buf_get_lines(0, -2, -1, false)[1]
  wait(function() return #vim.diagnostic.get(0) == 0 end)
  vim.api.nvim_buf_set_lines(0, -2, -1, false, {})
  vim.api.nvim_win_set_cursor(0, { 4, 3 })
  vim.lsp.buf.rename("yell")
  wait(function() return vim.api.nvim_buf_get_lines(0, 3, 4, false)[1]:find("yell") end)
  out.renamed = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") .. "\n"
  out.other = vim.api.nvim_buf_get_lines(vim.fn.bufnr("words.soli"), 1, 2, false)[1]
  vim.api.nvim_buf_set_lines(0, 2, 3, false, { "def   first( name )" })
  if vim.lsp.buf.format then vim.lsp.buf.format() else vim.lsp.buf.formatting_sync(nil, 60000) end
  out.formatted = vim.api.nvim_buf_get_lines(0, 2, 3, false)[1]
end)
out.fault = ok and "" or tostring(fault)
local file = io.open(os.getenv("OUT"), "w")
file:write(vim.fn.json_encode(out))
file:close()
vim.cmd("qa!")
"""


@pytest.mark.skipif(NVIM is None, reason="needs Neovim: apt-get install neovim")
def test_neovim(app: Path, tmp_path: Path) -> None:
    assert NVIM is not None
    init, script = tmp_path / "init.lua", tmp_path / "script.lua"
    version = subprocess.run([NVIM, "--version"], capture_output=True, text=True, check=True)
    is_old = int(re.search(r"v0\.(\d+)", version.stdout)[1]) < 11  # type: ignore[index]
    init.write_text(snippet("Earlier versions, such as 0.7" if is_old else "Version 0.11"))
    script.write_text(IN_NEOVIM, "utf-8")
    command = [NVIM, "--headless", "-n", "-u", str(init), "-c", f"luafile {script}"]
    found = ran(command, app, tmp_path)
    assert found["fault"] == "", found
    assert "def shout(text: String) -> String" in found["hover"]
    assert (found["references"], found["highlights"], found["symbols"]) == (4, 3, 2)
    assert found["diagnostic"][:2] == [9, 0]
    assert "did you mean 'print'?" in found["diagnostic"][2]
    assert found["fixed"] == "print(1)"
    assert found["renamed"] == RENAMED
    assert found["other"] == "export def yell(text: String) -> String"
    assert found["formatted"] == "def first(name)"


# --- Emacs ---------------------------------------------------------------------------------------

IN_EMACS = r"""
(require 'eglot)
(require 'json)
(setq eglot-sync-connect 60 eglot-connect-timeout 60 eglot-confirm-server-initiated-edits nil)
(defvar out nil)
(defalias 'y-or-n-p (lambda (&rest _) t)) ; whoever is asked about changes of other files
(defun note (key value) (push (cons key value) out))
(defun wait-for (what)
  (let ((tries 600))
    (while (and (> tries 0) (not (funcall what)))
      (accept-process-output nil 0.1)
      (setq tries (1- tries)))
    (when (= tries 0) (error "waited too long"))))
(defun line-of (number)
  (save-excursion (goto-char (point-min)) (forward-line number)
    (buffer-substring-no-properties (line-beginning-position) (line-end-position))))
(condition-case fault
    (progn
      (find-file "main.soli")
      (note 'mode (symbol-name major-mode))
      (remove-hook 'post-command-hook #'eglot--maybe-activate-editing-mode t)
      (apply #'eglot--connect (eglot--guess-contact))
      (let ((server (eglot--current-server-or-lose)))
        (goto-char (point-min)) (forward-line 3) (forward-char 3)
        (note 'hover (plist-get (plist-get (jsonrpc-request server :textDocument/hover
          (eglot--TextDocumentPositionParams)) :contents) :value))
        (note 'references (length (xref-backend-references 'eglot "shout")))
        (let ((definition (car (xref-backend-definitions 'eglot
                (xref-backend-identifier-at-point 'eglot)))))
          (note 'definition (file-name-nondirectory
            (xref-location-group (xref-item-location definition)))))
        (goto-char (point-max)) (insert "x = \"😀\"; prnt(1)\n") (goto-char (1- (point-max)))
        (eglot--signal-textDocument/didChange)
        (wait-for (lambda () (flymake-start) (flymake-diagnostics)))
        (let ((found (car (flymake-diagnostics))))
          (note 'diagnostic (buffer-substring-no-properties
            (flymake-diagnostic-beg found) (flymake-diagnostic-end found)))
          (goto-char (flymake-diagnostic-beg found))
          (let* ((actions (eglot-code-actions (point) (1+ (point)) "quickfix"))
                 (edit (plist-get (aref (vconcat actions) 0) :edit)))
            (eglot--apply-workspace-edit edit)))
        (note 'fixed (line-of 9))
        (goto-char (point-min)) (forward-line 9) (delete-region (point) (point-max))
        (goto-char (point-min)) (forward-line 3) (forward-char 3)
        (eglot-rename "yell")
        (note 'renamed (buffer-substring-no-properties (point-min) (point-max)))
        (note 'other (with-current-buffer (find-file-noselect "words.soli") (line-of 1)))
        (goto-char (point-min)) (forward-line 2)
        (delete-region (point) (line-end-position)) (insert "def   first( name )")
        (eglot-format-buffer)
        (note 'formatted (line-of 2))))
  (error (note 'fault (error-message-string fault))))
(with-temp-file (getenv "OUT")
  (set-buffer-file-coding-system 'utf-8)
  (insert (json-encode out)))
(set-buffer-modified-p nil)
(kill-emacs 0)
"""


@pytest.mark.skipif(
    EMACS is None or not EGLOT, reason="needs Emacs: apt-get install emacs-nox elpa-eglot"
)
def test_emacs(app: Path, tmp_path: Path) -> None:
    assert EMACS is not None
    init, script = tmp_path / "init.el", tmp_path / "script.el"
    init.write_text(snippet("## Emacs"))
    script.write_text(IN_EMACS, "utf-8")
    found = ran([EMACS, "--batch", "-l", str(init), "-l", str(script)], app, tmp_path)
    assert found.get("fault") is None, found
    assert found["mode"] == "soli-mode"
    assert "def shout(text: String) -> String" in found["hover"]
    assert (found["references"], found["definition"]) == (4, "words.soli")
    assert found["diagnostic"] == "prnt"
    assert found["fixed"] == 'x = "😀"; print(1)'
    assert found["renamed"] == RENAMED
    assert found["other"] == "export def yell(text: String) -> String"
    assert found["formatted"] == "def first(name)"
