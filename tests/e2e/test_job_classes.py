"""Jobs as somebody writes them who has not read the code: any class with `perform` is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from .support import run, serving, write_files
from .test_command_line import soli

BODY = 'def perform(args)\n    print("cleaned #{args["n"]}")\n  end\nend\n'
CLASSES = {
    "static": f"class Cleaner\n  static {BODY}",
    "instance": f"class Cleaner\n  {BODY}",
    "inherited": f"class Work\n  {BODY}class Cleaner < Work\nend\n",
}


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize(
    "call", ['Cleaner.perform_later({"n": 1})', 'Job.enqueue("Cleaner", {"n": 1})']
)
def test_any_class_with_perform_is_a_job(tmp_path: Path, kind: str, call: str) -> None:
    """With or without `Job` in its name, static or not."""
    write_files(tmp_path, {"app.soli": CLASSES[kind] + call + '\nprint("put off")\n'})
    seen = soli("run", "app.soli", cwd=tmp_path)
    assert (seen.returncode, seen.stdout, seen.stderr) == (0, "put off\ncleaned 1\n", "")


def test_a_job_class_of_an_imported_file_is_known(tmp_path: Path) -> None:
    """Any file that is loaded counts."""
    files = {
        "app.soli": 'import "./lib/cleaner"\nJob.enqueue("Cleaner", {"n": 2})\n',
        "lib/cleaner.soli": CLASSES["static"],
    }
    write_files(tmp_path, files)
    seen = soli("run", "app.soli", cwd=tmp_path)
    assert (seen.returncode, seen.stdout, seen.stderr) == (0, "cleaned 2\n", "")


def test_an_unknown_job_names_the_classes_there_are(tmp_path: Path) -> None:
    """A misspelt name is told with the right ones."""
    write_files(tmp_path, {"app.soli": CLASSES["static"] + 'Job.enqueue("Claener")\n'})
    seen = soli("run", "app.soli", cwd=tmp_path)
    assert seen.returncode == 70
    assert "there is no job class 'Claener'" in seen.stderr
    assert "job classes: Cleaner" in seen.stderr


def test_an_unknown_job_is_refused_where_it_is_enqueued(tmp_path: Path) -> None:
    """While serving all classes are known, so the caller is told, not only the log."""
    files = {
        "app.soli": CLASSES["static"]
        + 'get("/", "jobs#go")\ndef go(request)\n  Job.enqueue("Claener")\nend\n'
    }

    async def check() -> None:
        async with serving(tmp_path, files) as site:
            assert (await site.get("/")).status == 500
            assert "there is no job class 'Claener'" in site.log
            assert "job classes: Cleaner" in site.log

    run(check)


def test_job_list_needs_no_parentheses(tmp_path: Path) -> None:
    """As anywhere in Soli, a method without required arguments is called."""
    write_files(
        tmp_path,
        {
            "app.soli": CLASSES["static"]
            + 'Cleaner.perform_in(60, {"n": 1})\nprint(Job.list.length)\n'
            + 'print(Job.list.first["name"])\nprint(Job.list("none").length)\n'
        },
    )
    seen = soli("run", "app.soli", cwd=tmp_path)
    assert (seen.returncode, seen.stdout) == (0, "1\nCleaner\n0\n"), seen.stderr
