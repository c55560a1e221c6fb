"""Views: templates with layouts and partials, escaping what they are given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from soli_runtime.builtins.library import install_library
from soli_runtime.http.views.templates import TEMPLATES, Templates

from soli_lang import Interpreter, SoliError

Render = Callable[..., str]


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """Renders `page` with the files given by name."""

    def rendered(files: dict[str, str], data: dict[str, object], layout: object = None) -> str:
        for name, text in files.items():
            path = tmp_path / f"{name}.slv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        interpreter = Interpreter(install_library)
        templates = Templates(tmp_path, lambda source: interpreter.load(source))
        interpreter.machine.library[TEMPLATES] = templates
        return templates.render(interpreter.machine, "page", data, layout)

    return rendered


def test_values_are_escaped(render: Render) -> None:
    """What a visitor wrote stays text."""
    page = render({"page": "<p><%= name %></p>"}, {"name": "<b>'&'</b>"})

    assert page == "<p>&lt;b&gt;&#x27;&amp;&#x27;&lt;/b&gt;</p>"


def test_a_value_called_content_is_escaped_too(render: Render) -> None:
    """Only a layout's body is written as it is."""
    assert render({"page": "<%= content %>"}, {"content": "<b>"}, False) == "&lt;b&gt;"


@pytest.mark.parametrize("text", ["<%- x %>", "<%= raw(x) %>"])
def test_what_is_meant_as_html_says_so(render: Render, text: str) -> None:
    """The two explicit ways."""
    assert render({"page": text}, {"x": "<b>"}) == "<b>"


def test_code_between_the_text(render: Render) -> None:
    """Loops and conditions."""
    page = render({"page": "<% for n in 1..3 %>[<%= n %>]<% end %>"}, {})

    assert page == "[1][2]"


def test_a_layout_stands_around_its_page(render: Render) -> None:
    """The default one, another by name, or none."""
    files = {
        "page": "<i><%= x %></i>",
        "layouts/application": "<main><%= yield %></main>",
        "layouts/plain": "plain: <%= yield %>",
    }

    assert render(files, {"x": 1}) == "<main><i>1</i></main>"
    assert render(files, {"x": 1}, "plain") == "plain: <i>1</i>"
    assert render(files, {"x": 1}, False) == "<i>1</i>"


def test_partials_get_their_own_data(render: Render) -> None:
    """`_row.slv` by the name `row`."""
    files = {"page": '<%- partial("row", { "n": 5 }) %>', "_row": "row <%= n %>"}

    assert render(files, {}) == "row 5"


@pytest.mark.parametrize(
    ("page", "expected"),
    [('<%- partial("nowhere") %>', "nowhere"), ("<% 1 / 0 %>", "Division by zero")],
)
def test_faults_are_told(render: Render, page: str, expected: str) -> None:
    """A partial that is not there; an error in a template."""
    with pytest.raises(SoliError, match=expected):
        render({"page": page}, {})


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd"])
def test_nothing_outside_the_folder_is_a_template(
    render: Render, tmp_path: Path, name: str
) -> None:
    """Whatever a program passes on."""
    (tmp_path.parent / "outside.slv").write_text("secret")
    with pytest.raises(SoliError, match="no"):
        render({"page": f'<%- partial("{name}") %>'}, {})
