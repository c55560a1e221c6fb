"""Templates that are not there, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.http.views.templates import Templates

from soli_lang import Interpreter, SoliError


def test_a_missing_template_names_the_files_that_were_looked_for(tmp_path: Path) -> None:
    """So that whoever wrote the name sees what to create."""
    templates = Templates(tmp_path / "views", lambda source: None)  # type: ignore[arg-type,return-value]
    machine = Interpreter().machine

    with pytest.raises(SoliError, match="there is no template 'home/index' in app/views") as caught:
        templates.render(machine, "home/index", {})

    assert caught.value.hint == (
        "looked for app/views/home/index.slv, app/views/home/index.html.slv, "
        "app/views/home/index.html.erb"
    )


def test_a_missing_partial_is_looked_for_with_and_without_its_underscore(tmp_path: Path) -> None:
    """`row` is the file `_row.slv`, or `row.slv`."""
    templates = Templates(tmp_path / "views", lambda source: None)  # type: ignore[arg-type,return-value]

    with pytest.raises(SoliError) as caught:
        templates.partial(Interpreter().machine, "shared/row", {})

    assert "app/views/shared/_row.slv" in str(caught.value.hint)
    assert "app/views/shared/row.html.slv" in str(caught.value.hint)
